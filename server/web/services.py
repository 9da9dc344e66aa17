"""Services: what the doors are made of, put together once in server/app.py."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.auth.sessions import Sessions
from server.config import SourceConfig, WebConfig
from server.core.people import Actor
from server.lanes.admission import Admission
from server.lanes.alerts import AlertLane
from server.lanes.camera_watch import CameraWatch
from server.lanes.cameras import CameraBoard
from server.lanes.escalator import Escalator
from server.lanes.expiry import Expiry
from server.lanes.janitor import Janitor
from server.lanes.log import LogFollower
from server.lanes.looks import Looks
from server.lanes.past_reader import PastReader
from server.lanes.picture_checks import PictureChecks
from server.lanes.policies import PolicyBoard
from server.lanes.probe import Probe
from server.lanes.recorder import Recorder
from server.lanes.roster import RosterBoard
from server.lanes.sources import SourceWatch
from server.lanes.stills import Stills
from server.lanes.video import VideoLane
from server.media.clip_folder import ClipStore
from server.media.darkroom import Darkroom
from server.media.folder import MediaStore
from server.notify.bell import Bell
from server.store.db import Database
from server.store.sessions import Session
from streams.bus.wakeups import Wakeups


def wall_ms() -> int:
    """Wall clock, milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Services:
    web: WebConfig
    sources: tuple[SourceConfig, ...]
    db: Database
    sessions: Sessions
    log: LogFollower
    alerts: AlertLane
    roster: RosterBoard
    policies: PolicyBoard
    escalator: Escalator
    expiry: Expiry
    janitor: Janitor
    probe: Probe
    source_watch: SourceWatch
    video: VideoLane
    looks: Looks
    past: PastReader
    board: CameraBoard
    stills: Stills
    picture_checks: PictureChecks
    camera_watch: CameraWatch
    admission: Admission
    wakeups: Wakeups
    darkroom: Darkroom
    media: MediaStore
    recorder: Recorder
    clips: ClipStore
    clip_key: Ed25519PrivateKey
    city: bytes
    """GeoJSON of streets and districts."""
    bell: Bell | None
    """None when Web Push is not set up."""
    now_ms: Callable[[], int] = field(default=wall_ms)


SERVICES = web.AppKey("services", Services)
SESSION = web.RequestKey("session", Session)
ACTOR = web.RequestKey("actor", Actor)


def services(request: web.Request) -> Services:
    return request.app[SERVICES]


def session(request: web.Request) -> Session:
    """The session of a request; only behind a permission that needs one."""
    return request[SESSION]


def actor(request: web.Request) -> Actor:
    """In whose name the request is done; only behind a permission that needs a session."""
    return request[ACTOR]
