"""Names of the channels, the same for every process on a bus.

sightline:video:4        fragments of camera number 4, each one whole WebSocket message (streams/fragment.py)
sightline:video:4:480p   the same of another rendition of it (streams/rendition.py)
sightline:join:ID        the same, for one server: what it needs to join cameras that are running
sightline:join:ID:{…}    the same on a cluster, for each channel of fragments, which stands in the braces
sightline:past           who wants what of what has been (streams/bus/past_messages.py)
sightline:past:ID        the answer to one such ask: words, and fragments as above
sightline:states         camera states (streams/health.py)
sightline:streams        which streams processes live, and what cameras they know (streams/ownership.py)
sightline:demand         which server wants which streams (streams/demand.py)
sightline:presets        where a movable camera stands, for its masks (streams/preset.py)
sightline:log            entries of the log, as on the wire
sightline:online         people with a connected device, per server
sightline:devices        devices that have just connected, per server
sightline:positions      where people's devices are, per server
sightline:policies       that a policy was changed
"""

from streams.rendition import Rendition, split

PREFIX = "sightline:"

STATES = PREFIX + "states"
STREAMS = PREFIX + "streams"
DEMAND = PREFIX + "demand"
PRESETS = PREFIX + "presets"
PAST = PREFIX + "past"
LOG = PREFIX + "log"
ONLINE = PREFIX + "online"
DEVICES = PREFIX + "devices"
POSITIONS = PREFIX + "positions"
POLICIES = PREFIX + "policies"


def video(stream_number: int) -> str:
    camera_number, rendition = split(stream_number)
    channel = f"{PREFIX}video:{camera_number}"
    return channel if rendition is Rendition.SOURCE else f"{channel}:{rendition.word}"


def join(server_id: str) -> str:
    return f"{PREFIX}join:{server_id}"


def sharded_join(server_id: str, stream_number: int) -> str:
    """Of one stream, on a cluster: in the slot of its pictures, so that both come in order."""
    return f"{join(server_id)}:{{{video(stream_number)}}}"


def past(ask_id: str) -> str:
    return f"{PAST}:{ask_id}"
