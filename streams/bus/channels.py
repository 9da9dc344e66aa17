"""Names of the channels, the same for every process on a bus.

sightline:video:4        fragments of camera number 4, each one whole WebSocket message (streams/fragment.py)
sightline:join:ID        the same, for one server: what it needs to join cameras that are running
sightline:states         camera states (streams/health.py)
sightline:demand         which server wants which cameras (streams/demand.py)
sightline:log            entries of the log, as on the wire
sightline:online         people with a connected device, per server
sightline:devices        devices that have just connected, per server
sightline:positions      where people's devices are, per server
sightline:policies       that a policy was changed
"""

PREFIX = "sightline:"

STATES = PREFIX + "states"
DEMAND = PREFIX + "demand"
LOG = PREFIX + "log"
ONLINE = PREFIX + "online"
DEVICES = PREFIX + "devices"
POSITIONS = PREFIX + "positions"
POLICIES = PREFIX + "policies"


def video(camera_number: int) -> str:
    return f"{PREFIX}video:{camera_number}"


def join(server_id: str) -> str:
    return f"{PREFIX}join:{server_id}"
