"""Composition: what a server process is made of, and who is given whom."""

import asyncio
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.auth.sessions import Sessions
from server.config import Config, WebConfig
from server.core.clips import Retention
from server.core.people import Account, Person, Right, Role
from server.core.planner import Planner
from server.core.roster import Beat
from server.lanes.admission import Admission
from server.lanes.alerts import AlertLane
from server.lanes.camera_watch import CameraWatch
from server.lanes.cameras import CameraBoard
from server.lanes.clip_retention import ClipRetention
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
from server.media.clip_bucket import ClipBucket
from server.media.clip_folder import ClipFolder, ClipStore
from server.media.clip_key import open_key
from server.media.darkroom import Darkroom
from server.media.folder import MediaFolder
from server.media.s3_signature import S3Key
from server.notify.bell import Bell
from server.notify.opening import open_bell
from server.store import log
from server.store.db import Database
from server.web.pages import PAGE_OF
from server.web.services import Services, wall_ms
from streams.bus.wakeups import Wakeups
from streams.cameras.lightbox import Lightbox
from streams.geo import Point, Polygon

CLIPS = "recorded"
"""The folder of clips; that of the demo's cameras is called ``clips``."""


async def services(
    config: Config,
    db: Database,
    sessions: Sessions,
    wakeups: Wakeups,
    city: bytes,
    stack: AsyncExitStack,
    port: int,
) -> Services:
    server_id = uuid.uuid4().hex
    installation, position = await db.read(lambda conn: (log.installation(conn), log.head(conn)))
    follower = LogFollower(db, wakeups, position=position)
    board = CameraBoard(config.streams.cameras, now_ms=wall_ms)
    looks = Looks(db, now_ms=wall_ms)

    def planner() -> Planner:
        # The roster is made of who is connected, which the lane knows; it is there before the first alert.
        return roster.planner()

    build = await asyncio.to_thread(_build)
    alerts = AlertLane(
        db,
        follower,
        board,
        wakeups,
        installation=installation,
        server_id=server_id,
        build=build,
        planner=planner,
        now_ms=wall_ms,
    )
    await alerts.remember()
    video = VideoLane(board, db, looks, wakeups, bus_url=config.streams.bus.url, server_id=server_id, now_ms=wall_ms)
    follower.listeners.append(video.on_entry)
    stills = Stills(video.rooms, Lightbox(), board.state_of)
    checks = PictureChecks(db, board, stills, now_ms=wall_ms)
    policies = PolicyBoard(db, wakeups, now_ms=wall_ms)
    roster = RosterBoard(db, alerts.online, alerts.positions, policies, beats=_beats(config))
    escalator = Escalator(db, follower, roster.planner, now_ms=wall_ms)
    expiry = Expiry(db, follower, now_ms=wall_ms)
    media = MediaFolder(config.data_folder / "media")
    past = PastReader(wakeups, bus_url=config.streams.bus.url)
    clips = await _clips(config, stack)
    recorder = Recorder(
        db,
        board,
        past,
        video.rooms,
        clips.store,
        clips.parts,
        clips.key,
        retention=Retention.of_days(config.clips.keep_days, config.clips.keep_days_of_alerts),
        record_alerts=config.clips.record_alerts,
        keep_free_bytes=config.clips.keep_free_gib * 1024**3,
        installation=installation,
        software=build,
        now_ms=wall_ms,
    )
    follower.listeners.append(recorder.on_entry)
    alerts.problems.watch("clips", recorder.problems)
    probe = Probe(db, follower, alerts.problems, server_id=server_id, now_ms=wall_ms)
    watch = SourceWatch(db, follower, alerts.problems, roster.planner, config.sources, now_ms=wall_ms)
    for part in (policies, alerts.positions, roster, watch, checks):
        await part.open()
    bell = await _bell(config, db, alerts, follower, stack, port)
    return Services(
        web=config.web,
        sources=config.sources,
        db=db,
        sessions=sessions,
        log=follower,
        alerts=alerts,
        roster=roster,
        policies=policies,
        escalator=escalator,
        expiry=expiry,
        janitor=Janitor(db, media, now_ms=wall_ms, clips=ClipRetention(db, clips.store, clips.parts, now_ms=wall_ms)),
        probe=probe,
        source_watch=watch,
        video=video,
        looks=looks,
        # Of its own, so that whoever looks at the past for long keeps no clip from being recorded.
        past=PastReader(wakeups, bus_url=config.streams.bus.url, at_most=16),
        recorder=recorder,
        clips=clips.store,
        clip_key=clips.key,
        board=board,
        stills=stills,
        picture_checks=checks,
        camera_watch=CameraWatch(db, board, checks, server_id=server_id, now_ms=wall_ms),
        admission=Admission(sessions, now_ms=wall_ms),
        wakeups=wakeups,
        darkroom=Darkroom(),
        media=media,
        city=city,
        bell=bell,
    )


async def _bell(
    config: Config, db: Database, alerts: AlertLane, follower: LogFollower, stack: AsyncExitStack, port: int
) -> Bell | None:
    """It hears the log, and the lane of alerts says what is wrong with it."""
    bell = await open_bell(
        config.notify,
        config.data_folder,
        db,
        stack,
        address=config.web.public_origin or address(config.web, port),
        page_of=PAGE_OF,
        online=alerts.online.people,
        now_ms=wall_ms,
    )
    if bell:
        follower.listeners.append(bell.on_entry)
        alerts.problems.watch("bell", bell.problems)
    return bell


@dataclass(frozen=True, slots=True)
class _Clips:
    """Where clips are kept."""

    store: ClipStore
    parts: Path
    """Of those that are being recorded."""
    key: Ed25519PrivateKey


async def _clips(config: Config, stack: AsyncExitStack) -> _Clips:
    folder = config.data_folder / CLIPS
    store: ClipStore = ClipFolder(folder)
    if config.clips.bucket:
        key = S3Key(config.clips.access_key, config.clips.secret_key, config.clips.region)
        store = await stack.enter_async_context(ClipBucket(config.clips.bucket, key, now_ms=wall_ms))
    signing = await asyncio.to_thread(open_key, config.data_folder, config.clips.signing_key)
    return _Clips(store, folder / "parts", signing)


def accounts_of(config: Config) -> list[Account]:
    return [
        Account(
            Person(
                person.id,
                person.name,
                Role(person.role),
                person.unit,
                person.duty,
                person.beat,
                person.agency,
                frozenset(map(Right, person.rights)),
            ),
            person.password,
        )
        for person in config.people
    ]


def _beats(config: Config) -> dict[str, Beat]:
    return {
        beat.id: Beat(beat.id, beat.name, Polygon(tuple(Point(*corner) for corner in beat.polygon)))
        for beat in config.beats
    }


def address(config: WebConfig, port: int) -> str:
    host = f"[{config.host}]" if ":" in config.host else config.host
    return f"{'https' if config.tls_certificate else 'http'}://{host}:{port}"


def _build() -> str:
    try:
        return metadata.version("sightline")
    except metadata.PackageNotFoundError:
        return "unknown"
