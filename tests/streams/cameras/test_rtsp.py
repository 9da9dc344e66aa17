import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from streams.access_unit import AccessUnit
from streams.cameras.allowance import MAX_PICTURES
from streams.cameras.rtsp import RtspReader, Timeouts
from streams.errors import (
    SourceEnded,
    SourceError,
    SourceFull,
    SourceGarbled,
    SourceRefused,
    SourceSilent,
    SourceUnreachable,
    SourceUnsupported,
)
from streams.formats import jpeg, rtp_jpeg
from streams.formats.digest import Challenge, Credentials, verify
from streams.formats.h264 import join_avcc
from streams.formats.rtp_packetiser import Packetiser
from streams.formats.rtsp import Parser, interleave
from streams.formats.rtsp_message import Fields, Request, Response
from tests.fakes.rtsp_camera import IDR, OTHER_SPS, PPS, SDP, SLICE, SPS, Answer, RtspCamera
from tests.streams.formats.test_rtp_jpeg import picture as coded_jpeg

VECTORS = Path(__file__).parents[2] / "vectors" / "rtsp"
PATIENT = Timeouts(connect_s=5, play_s=5, first_picture_s=5, silence_s=5, keep_alive_s=5)
QUICK = replace(PATIENT, play_s=0.2, first_picture_s=0.2, silence_s=0.2)
RIGHT = Credentials("viewer", 'p@ss:#"ß')


class Viewer:
    """Keeps what a reader emits."""

    def __init__(self) -> None:
        self.units: list[AccessUnit] = []
        self._more = asyncio.Event()

    def emit(self, unit: AccessUnit) -> None:
        self.units.append(unit)
        self._more.set()

    async def until(self, count: int) -> list[AccessUnit]:
        while len(self.units) < count:
            self._more.clear()
            await self._more.wait()
        return self.units


@asynccontextmanager
async def watching(reader: RtspReader) -> AsyncIterator[Viewer]:
    viewer = Viewer()
    task = asyncio.create_task(reader.run(viewer.emit))
    try:
        yield viewer
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def failure(camera: RtspCamera | str, timeouts: Timeouts = PATIENT, *, password: str = "") -> SourceError:
    """What a reader ends with."""
    url = camera if isinstance(camera, str) else camera.url
    with pytest.raises(SourceError) as caught:
        await RtspReader(url, username="viewer" if password else "", password=password, timeouts=timeouts).run(
            Viewer().emit
        )
    return caught.value


def always(answer: Response | bytes | None) -> Answer:
    return lambda request: answer


# The way to a picture


async def test_pictures_come_as_they_were_sent_at_the_time_they_came() -> None:
    times = iter(range(1000, 9000))
    async with RtspCamera() as camera:
        async with watching(RtspReader(camera.url, timeouts=PATIENT, clock=lambda: next(times))) as viewer:
            await camera.is_playing.wait()
            camera.send(camera.picture(90, SPS, PPS, IDR))
            (first,) = await viewer.until(1)
            camera.send(camera.picture(3690, SLICE))
            _, second = await viewer.until(2)
        assert (first.data, first.is_key, first.timestamp) == (join_avcc([IDR]), True, 90)
        assert (second.data, second.is_key, second.timestamp) == (join_avcc([SLICE]), False, 3690)
        assert (first.parameters.sps, first.parameters.pps) == ((SPS,), (PPS,))
        assert (first.parameters.width, first.parameters.height) == (720, 480)
        assert first.captured_at < second.captured_at < next(times)


def test_it_runs_on_uvloop_as_well() -> None:
    async def play() -> None:
        async with asyncio.timeout(10), RtspCamera() as camera:
            async with watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer:
                await camera.is_playing.wait()
                camera.send(camera.picture(90, IDR))
                await viewer.until(1)
            await camera.has_closed.wait()
            assert camera.methods()[-1] == "TEARDOWN"
            assert "refused the connection" in str(await failure("rtsp://127.0.0.1:1/live"))

    uvloop.run(play())


async def test_the_requests_come_in_one_order_on_one_connection_and_end_with_teardown() -> None:
    async with RtspCamera() as camera:
        async with watching(RtspReader(camera.url, timeouts=PATIENT)):
            await camera.is_playing.wait()
        await camera.has_closed.wait()
        assert camera.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
        assert [request.uri for request in camera.requests] == [
            camera.url,
            camera.url,
            f"{camera.url}/track1",
            f"{camera.url}/",
            f"{camera.url}/",
        ]
        assert all(request.header("User-Agent") for request in camera.requests)
        assert [request.header("Session") for request in camera.requests] == ["", "", "", "abc", "abc"]
        assert camera.requests[2].header("Transport") == "RTP/AVP/TCP;unicast;interleaved=0-1"
        assert camera.connections == 1


async def test_pictures_in_the_same_breath_as_the_answer_to_play_are_not_lost() -> None:
    async with RtspCamera() as camera:
        camera.answers["play"] = lambda request: (
            camera.picture(90, SPS, PPS, IDR)
            + Response(200, (("CSeq", request.header("CSeq")),)).encode()
            + camera.picture(3690, SLICE)
        )
        async with watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer:
            assert len(await viewer.until(2)) == 2


@pytest.mark.parametrize(
    ("transport", "channel"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=4-5", 4),
        ("RTP/AVP/TCP;ssrc= 1;interleaved=2", 2),
        ("RTP/AVP", 0),
        ("RTP/AVP/TCP;interleaved=x-y", 0),
        ("RTP/AVP/TCP;interleaved=999-1000", 0),
        ("", 0),
    ],
)
async def test_the_channel_is_what_the_camera_says_else_what_was_asked(transport: str, channel: int) -> None:
    answer = Response(200, (("Transport", transport), ("Session", "abc")))
    async with RtspCamera(setup=always(answer)) as camera, watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer:
        await camera.is_playing.wait()
        # What comes on channels that were not agreed on is ignored.
        camera.send(camera.picture(0, IDR, channel=channel + 9) + camera.picture(90, IDR, channel=channel))
        (unit,) = await viewer.until(1)
        assert unit.timestamp == 90


async def test_the_newest_session_counts_without_its_parameters() -> None:
    play = Response(200, (("Session", " newer ; timeout = 90 "),))
    async with RtspCamera(play=always(play)) as camera:
        async with watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer:
            await camera.is_playing.wait()
            camera.send(camera.picture(90, IDR))
            await viewer.until(1)
        await camera.has_closed.wait()
        assert [request.header("Session") for request in camera.requests[-2:]] == ["abc", "newer"]


async def test_parameter_sets_in_the_stream_replace_those_of_the_description() -> None:
    async with RtspCamera() as camera, watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer:
        await camera.is_playing.wait()
        camera.send(camera.picture(0, IDR))
        camera.send(camera.picture(3600, OTHER_SPS, PPS, IDR) + camera.picture(7200, SLICE))
        first, second, third = await viewer.until(3)
        assert (first.parameters.width, second.parameters.width) == (720, 1280)
        assert third.parameters is second.parameters


async def test_without_parameter_sets_in_the_description_those_in_the_stream_are_awaited() -> None:
    bare = SDP.partition(b"a=fmtp")[0]
    async with (
        RtspCamera(describe=always(Response(200, (), bare))) as camera,
        watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer,
    ):
        await camera.is_playing.wait()
        camera.send(camera.picture(0, SLICE) + camera.picture(3600, SPS, PPS, IDR))
        (unit,) = await viewer.until(1)
        assert unit.timestamp == 3600


async def test_a_sound_track_that_never_sends_is_not_asked_for() -> None:
    sound = b"m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/16000\r\na=control:track0\r\n"
    begin, video, rest = SDP.partition(b"m=video")
    async with (
        RtspCamera(describe=always(Response(200, (), begin + sound + video + rest))) as camera,
        watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer,
    ):
        await camera.is_playing.wait()
        camera.send(camera.picture(90, IDR))
        await viewer.until(1)
        assert camera.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
        assert camera.requests[2].uri.endswith("/track1")


async def test_reordered_pictures_get_decode_times() -> None:
    async with RtspCamera() as camera, watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer:
        await camera.is_playing.wait()
        camera.send(camera.picture(0, IDR))
        for group in range(10):
            for place in (3, 1, 2):
                camera.send(camera.picture((group * 3 + place) * 3600, SLICE))
        units = (await viewer.until(31))[10:]
        assert all(unit.timestamp is not None and unit.composition_offset >= 0 for unit in units)
        assert [unit.timestamp for unit in units] == [number * 3600 for number in range(9, 30)]
        assert [unit.composition_offset // 3600 for unit in units[:6]] == [3, 0, 0, 3, 0, 0]


async def test_a_camera_that_asks_is_answered() -> None:
    async with RtspCamera() as camera, watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer:
        await camera.is_playing.wait()
        camera.send(Request("OPTIONS", "*", (("CSeq", "77"),)).encode())
        camera.send(Request("ANNOUNCE", camera.url, (("CSeq", "78"),), b"v=0").encode())
        await camera.until(lambda: len(camera.replies) == 2)
        assert [(reply.status, reply.header("CSeq")) for reply in camera.replies] == [(200, "77"), (501, "78")]
        camera.send(camera.picture(0, IDR))
        await viewer.until(1)


def answers_of(name: str) -> Iterator[tuple[str, Response]]:
    for path in sorted(VECTORS.glob(f"{name}_*.txt")):
        method = path.stem.removeprefix(f"{name}_").partition("_")[0]
        (response,) = Parser().feed(path.read_bytes())
        assert isinstance(response, Response)
        # CSeq as it was recorded would not fit; Content-Length is written anew.
        headers: Fields = tuple(
            field for field in response.headers if field[0].lower() not in {"cseq", "content-length"}
        )
        yield method, replace(response, headers=headers)


@pytest.mark.parametrize(
    ("name", "payload_type", "size"),
    [
        ("reolink", 96, (2560, 1440)),
        ("hikvision", 96, (1920, 1080)),
        ("bunny", 97, (240, 160)),
        ("gw_sub", 96, (720, 480)),
        ("gw_main", 96, (1920, 1080)),
        ("h264dvr", 96, (1920, 1080)),
    ],
)
async def test_the_answers_of_real_cameras_lead_to_pictures(
    name: str, payload_type: int, size: tuple[int, int]
) -> None:
    answers = {method: always(response) for method, response in answers_of(name)}
    assert {"describe", "setup", "play"} <= set(answers)
    async with RtspCamera(**answers) as camera, watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer:
        await camera.is_playing.wait()
        picture = bytearray(camera.picture(90, SLICE))
        picture[5] = 0x80 | payload_type
        camera.send(bytes(picture))
        (unit,) = await viewer.until(1)
        assert (unit.parameters.width, unit.parameters.height) == size


# Sign-in


def guarded(camera: RtspCamera, challenge: Challenge, *others: Challenge, status: int = 401) -> Answer:
    """Refuses what does not answer one of the challenges."""

    def answer(request: Request) -> Response:
        if verify(request.header("Authorization"), RIGHT, method=request.method, challenges=[challenge, *others]):
            return camera.good(request)
        return Response(status, tuple(("WWW-Authenticate", written(each)) for each in (*others, challenge)))

    return answer


def written(challenge: Challenge) -> str:
    return f"{challenge.scheme} " + ", ".join(f'{name}="{value}"' for name, value in challenge.parameters.items())


def guard(camera: RtspCamera, challenge: Challenge, *others: Challenge) -> None:
    for method in ("options", "describe", "setup", "play", "teardown"):
        camera.answers[method] = guarded(camera, challenge, *others)


MD5 = {"realm": "cam", "nonce": "n1"}
CHALLENGES = [
    [Challenge("basic", {"realm": "cam"})],
    [Challenge("digest", MD5)],
    [Challenge("digest", {**MD5, "algorithm": "MD5", "qop": "auth"})],
    [Challenge("digest", {**MD5, "algorithm": "SHA-256", "qop": "auth,auth-int"})],
    [Challenge("digest", {**MD5, "algorithm": "SHA-256"}), Challenge("basic", {"realm": "cam"})],
]


@pytest.mark.parametrize("challenges", CHALLENGES, ids=["basic", "rfc2069", "md5", "sha256", "several"])
async def test_it_signs_in_as_the_camera_asks(challenges: list[Challenge]) -> None:
    async with RtspCamera() as camera:
        guard(camera, *challenges)
        reader = RtspReader(camera.url, username=RIGHT.username, password=RIGHT.password, timeouts=PATIENT)
        async with watching(reader) as viewer:
            await camera.is_playing.wait()
            camera.send(camera.picture(0, IDR))
            await viewer.until(1)
        await camera.has_closed.wait()
        # Asked once; then every request signs in at once.
        assert camera.methods() == ["OPTIONS", "OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]


async def test_credentials_in_the_url_are_used_and_never_sent_with_it() -> None:
    async with RtspCamera() as camera:
        guard(camera, CHALLENGES[1][0])
        url = camera.url.replace("rtsp://", "rtsp://viewer:p%40ss%3A%23%22%C3%9F@")
        async with watching(RtspReader(url, timeouts=PATIENT)):
            await camera.is_playing.wait()
        assert all("@" not in request.uri for request in camera.requests)


async def test_a_nonce_that_has_become_too_old_is_replaced() -> None:
    async with RtspCamera() as camera:
        guard(camera, CHALLENGES[1][0])
        camera.answers["play"] = guarded(camera, Challenge("digest", {**MD5, "nonce": "n2", "stale": "true"}))
        reader = RtspReader(camera.url, username=RIGHT.username, password=RIGHT.password, timeouts=PATIENT)
        async with watching(reader):
            await camera.until(lambda: camera.methods().count("PLAY") == 2)
            await camera.is_playing.wait()


async def test_a_wrong_password_is_said_after_one_try_and_not_repeated_in_words() -> None:
    async with RtspCamera() as camera:
        guard(camera, CHALLENGES[2][0])
        error = await failure(camera, password="wrong-secret")
        assert isinstance(error, SourceRefused)
        assert "refused the user name or the password" in str(error)
        assert "wrong-secret" not in str(error)
        assert camera.methods() == ["OPTIONS", "OPTIONS"]


async def test_a_missing_password_is_said() -> None:
    async with RtspCamera() as camera:
        guard(camera, CHALLENGES[2][0])
        error = await failure(camera)
        assert isinstance(error, SourceRefused)
        assert "asks for a user name and a password" in str(error)


async def test_a_sign_in_that_is_not_known_is_said() -> None:
    refusal = Response(401, (("WWW-Authenticate", "NTLM"),))
    async with RtspCamera(describe=always(refusal)) as camera:
        error = await failure(camera, password="x")
        assert isinstance(error, SourceRefused)
        assert "neither Digest nor Basic" in str(error)


# Staying


async def test_the_session_is_kept_alive_whether_or_not_the_camera_answers() -> None:
    async with RtspCamera() as camera:
        async with watching(RtspReader(camera.url, timeouts=replace(PATIENT, keep_alive_s=0.05))) as viewer:
            await camera.is_playing.wait()
            camera.answers["options"] = always(None)
            await camera.until(lambda: camera.methods()[4:] == ["OPTIONS"] * 4)
            assert {request.header("Session") for request in camera.requests[4:]} == {"abc"}
            camera.send(camera.picture(0, IDR))
            await viewer.until(1)
        await camera.has_closed.wait()
        assert camera.methods()[-1] == "TEARDOWN"


async def test_half_the_timeout_of_the_session_is_waited_before_it_is_kept_alive() -> None:
    play = Response(200, (("Session", "abc;timeout=2"),))
    async with RtspCamera(play=always(play)) as camera, watching(RtspReader(camera.url, timeouts=PATIENT)):
        await camera.is_playing.wait()
        began = asyncio.get_running_loop().time()
        await camera.until(lambda: len(camera.requests) == 5)
        assert 0.9 < asyncio.get_running_loop().time() - began < 3


async def test_a_camera_that_only_knows_get_parameter_gets_that() -> None:
    options = Response(200, (("Public", "DESCRIBE, SETUP, PLAY, GET_PARAMETER"),))
    async with (
        RtspCamera(options=always(options)) as camera,
        watching(RtspReader(camera.url, timeouts=replace(PATIENT, keep_alive_s=0.05))),
    ):
        await camera.until(lambda: camera.methods()[4:5] == ["GET_PARAMETER"])


async def test_a_keep_alive_with_an_old_nonce_is_repeated_once_with_the_new_one() -> None:
    async with RtspCamera() as camera:
        guard(camera, CHALLENGES[1][0])
        reader = RtspReader(
            camera.url,
            username=RIGHT.username,
            password=RIGHT.password,
            timeouts=replace(PATIENT, keep_alive_s=0.3),
        )
        async with watching(reader):
            await camera.is_playing.wait()
            camera.answers["options"] = guarded(camera, Challenge("digest", {**MD5, "nonce": "n2"}))
            count = len(camera.requests)
            await camera.until(lambda: len(camera.requests) == count + 2)
            assert ['nonce="n2"' in request.header("Authorization") for request in camera.requests[count:]] == [
                False,
                True,
            ]
            # One that is refused again waits for the next.
            camera.answers["options"] = guarded(camera, Challenge("digest", {**MD5, "nonce": "n3"}), status=403)
            await camera.until(lambda: len(camera.requests) == count + 3)


async def test_a_session_is_ended_though_its_nonce_has_become_too_old() -> None:
    async with RtspCamera() as camera:
        guard(camera, CHALLENGES[1][0])
        camera.answers["teardown"] = guarded(camera, Challenge("digest", {**MD5, "nonce": "n2", "stale": "true"}))
        reader = RtspReader(camera.url, username=RIGHT.username, password=RIGHT.password, timeouts=PATIENT)
        async with watching(reader):
            await camera.is_playing.wait()
        await camera.has_closed.wait()
        first, second = camera.requests[-2:]
        assert (first.method, second.method) == ("TEARDOWN", "TEARDOWN")
        assert 'nonce="n2"' in second.header("Authorization")


SOUND = struct.pack(">BBHII", 0x80, 97, 1, 0, 2) + bytes(160)


@pytest.mark.parametrize(
    "what", [None, interleave(0, SOUND), interleave(2, SOUND)], ids=["reports", "sound", "sound on its own channel"]
)
async def test_a_stop_of_the_pictures_is_noticed_though_reports_or_sound_keep_coming(what: bytes | None) -> None:
    async with RtspCamera() as camera:
        timeouts = replace(PATIENT, silence_s=0.3)

        async def report() -> None:
            while True:
                camera.send(what or camera.report())
                await asyncio.sleep(0.02)

        task = asyncio.create_task(RtspReader(camera.url, timeouts=timeouts).run(Viewer().emit))
        await camera.is_playing.wait()
        camera.send(camera.picture(0, IDR))
        reports = asyncio.create_task(report())
        began = asyncio.get_running_loop().time()
        with pytest.raises(SourceSilent, match=r"No picture for 0\.9 s"):
            await task
        assert asyncio.get_running_loop().time() - began < 2
        reports.cancel()


async def test_pictures_that_come_slowly_are_no_silence() -> None:
    async with (
        RtspCamera() as camera,
        watching(RtspReader(camera.url, timeouts=replace(PATIENT, silence_s=0.3))) as viewer,
    ):
        await camera.is_playing.wait()
        for number in range(8):
            camera.send(camera.picture(number * 9000, IDR))
            await viewer.until(number + 1)
            await asyncio.sleep(0.1)


async def test_a_camera_that_plays_nothing_is_silent() -> None:
    async with RtspCamera() as camera:
        error = await failure(camera, replace(PATIENT, first_picture_s=0.2))
        assert isinstance(error, SourceSilent)
        assert str(error) == "The camera plays, but no picture came within 0.2 s."


async def test_pictures_that_no_decoder_can_start_with_are_said_to_be_so() -> None:
    bare = SDP.partition(b"a=fmtp")[0]
    async with RtspCamera(describe=always(Response(200, (), bare))) as camera:
        task = asyncio.create_task(failure(camera, replace(PATIENT, parameters_s=0.2)))
        await camera.is_playing.wait()
        camera.send(camera.picture(0, SLICE))
        error = await task
        assert isinstance(error, SourceUnsupported)
        assert "interval of key frames" in str(error)


@pytest.mark.parametrize("method", ["options", "describe", "setup", "play"])
async def test_it_can_be_stopped_at_any_step_and_closes_the_connection(method: str) -> None:
    async with RtspCamera(**{method: always(None)}) as camera:
        task = asyncio.create_task(RtspReader(camera.url, timeouts=PATIENT).run(Viewer().emit))
        await camera.until(lambda: method.upper() in camera.methods())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await camera.has_closed.wait()


async def test_a_camera_that_does_not_answer_teardown_holds_nobody_up() -> None:
    async with RtspCamera(teardown=always(None)) as camera:
        async with watching(RtspReader(camera.url, timeouts=PATIENT)):
            await camera.is_playing.wait()
        async with asyncio.timeout(2):
            await camera.has_closed.wait()


# What goes wrong, in words


async def test_an_unknown_host_is_said() -> None:
    error = await failure("rtsp://no-such-camera.invalid/live")
    assert isinstance(error, SourceUnreachable)
    assert "There is no host named 'no-such-camera.invalid'" in str(error)


@pytest.mark.parametrize("host", ["a" * 80, "xn--\u00e9", "a..b"])
async def test_a_host_that_can_not_be_one_is_said(host: str) -> None:
    error = await failure(f"rtsp://{host}/live")
    assert isinstance(error, SourceUnreachable)
    assert "There is no host named" in str(error)


@pytest.mark.parametrize(
    "url", ["", "live", "http://cam/live", "rtsp://", "rtsp://cam:99999/", "rtsp://[::1/", "rtsp://cam:0/"]
)
async def test_an_address_that_is_none_is_said(url: str) -> None:
    error = await failure(url)
    assert isinstance(error, SourceUnreachable)
    assert "expected rtsp://host[:port]/path" in str(error)


async def test_a_refused_connection_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        error = await failure(f"rtsp://127.0.0.1:{port}/live")
    assert isinstance(error, SourceUnreachable)
    assert f"127.0.0.1 refused the connection on port {port}" in str(error)


async def test_a_connection_that_is_not_accepted_in_time_is_said() -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):  # Nobody accepts them, and there is no place for more.
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        error = await failure(f"rtsp://127.0.0.1:{full.getsockname()[1]}/live", replace(PATIENT, connect_s=0.3))
    assert isinstance(error, SourceUnreachable)
    assert "did not answer on port" in str(error)


@pytest.mark.parametrize("method", ["options", "describe", "setup", "play"])
async def test_a_camera_that_accepts_and_says_nothing_is_silent(method: str) -> None:
    async with RtspCamera(**{method: always(None)}) as camera:
        error = await failure(camera, QUICK)
        assert isinstance(error, SourceSilent)
        assert str(error) == f"The camera accepted the connection but gave no answer to {method.upper()} within 0.2 s."
        await camera.has_closed.wait()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            r"expected RTSP, got 'HTTP/1\.1 400 Bad Request'\. Is this the port for RTSP\?",
        ),
        (bytes(range(256)), "expected RTSP"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 2147483648\r\n\r\n", "2147483648 bytes was announced"),
        (b"RTSP/1.0 200 OK\r\nX: " + b"y" * 20_000, "header of more than 16384 bytes"),
    ],
)
async def test_a_camera_that_speaks_no_rtsp_is_garbled(answer: bytes, words: str) -> None:
    async with RtspCamera(options=always(answer)) as camera:
        with pytest.raises(SourceGarbled, match=words):
            await RtspReader(camera.url, timeouts=PATIENT).run(Viewer().emit)
        await camera.has_closed.wait()


async def test_one_wrong_length_costs_pictures_up_to_the_next_key_frame() -> None:
    async with RtspCamera() as camera, watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer:
        await camera.is_playing.wait()
        camera.send(camera.picture(0, IDR))
        await viewer.until(1)
        wrong = bytearray(camera.picture(3600, SLICE))
        wrong[2:4] = struct.pack(">H", 100)
        camera.send(
            bytes(wrong) + camera.picture(7200, SLICE) + camera.picture(10_800, IDR) + camera.picture(14_400, SLICE)
        )
        units = await viewer.until(3)
        assert [unit.timestamp for unit in units] == [0, 10_800, 14_400]


async def test_wrong_lengths_again_and_again_are_garbled() -> None:
    async with RtspCamera() as camera:
        task = asyncio.create_task(failure(camera))
        await camera.is_playing.wait()
        for stamp in range(30):
            wrong = bytearray(camera.picture(stamp, SLICE))
            wrong[2:4] = struct.pack(">H", 100)
            camera.send(bytes(wrong) + camera.picture(stamp, SLICE))
        error = await task
        assert isinstance(error, SourceGarbled)
        assert "framing of interleaved packets was lost 11 times" in str(error)


async def test_a_picture_without_end_is_garbled() -> None:
    async with RtspCamera() as camera:
        task = asyncio.create_task(failure(camera))
        await camera.is_playing.wait()
        endless = camera.picture(0, b"\x65" + bytes(9_000_000))
        camera.send(endless)
        error = await task
        assert isinstance(error, SourceGarbled)
        assert "a picture of more than" in str(error)


@pytest.mark.parametrize(
    ("sdp", "kind", "words"),
    [
        (SDP.replace(b"H264", b"MP4V-ES"), SourceUnsupported, "sends 'MP4V-ES', expected H.264, H.265 or JPEG"),
        (SDP.replace(b"video", b"audio"), SourceUnsupported, "offers no video"),
        (b"", SourceGarbled, "no media section"),
    ],
)
async def test_what_can_not_be_relayed_is_said(sdp: bytes, kind: type[SourceError], words: str) -> None:
    async with RtspCamera(describe=always(Response(200, (), sdp))) as camera:
        error = await failure(camera)
        assert type(error) is kind
        assert words in str(error)


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, SourceRefused, "The camera refused: it answered DESCRIBE with 400 Bad Request"),
        (403, SourceRefused, "does not allow this user to watch"),
        (404, SourceRefused, "knows no stream at this path"),
        (453, SourceFull, "no place for another viewer"),
        (503, SourceFull, "no place for another viewer"),
        (461, SourceUnsupported, "does not send over TCP"),
        (302, SourceRefused, "it answered DESCRIBE with 302"),
    ],
)
async def test_every_refusal_has_its_sentence(status: int, kind: type[SourceError], words: str) -> None:
    async with RtspCamera(describe=always(Response(status))) as camera:
        error = await failure(camera)
        assert type(error) is kind
        assert words in str(error)


@pytest.mark.parametrize(
    ("method", "asked", "wait_s"),
    [
        ("describe", (), 0),
        ("describe", (("Retry-After", " 30 "),), 30),
        ("describe", (("Retry-After", "99999999999"),), 120),
        ("describe", (("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"),), 0),
        ("play", (), 60),  # as the answer to SETUP has announced
        ("play", (("Retry-After", "5"),), 5),
    ],
)
async def test_a_full_camera_says_when_its_places_are_free_again(method: str, asked: Fields, wait_s: float) -> None:
    async with RtspCamera(**{method: always(Response(453, asked))}) as camera:
        error = await failure(camera)
        assert isinstance(error, SourceFull)
        assert error.wait_s == wait_s


async def test_a_camera_that_does_not_know_options_plays_nevertheless() -> None:
    async with (
        RtspCamera(options=always(Response(501))) as camera,
        watching(RtspReader(camera.url, timeouts=PATIENT)),
    ):
        await camera.is_playing.wait()


async def test_a_redirection_on_the_same_host_is_followed() -> None:
    async with RtspCamera() as other, RtspCamera() as camera:
        camera.answers["describe"] = always(Response(302, (("Location", f"{other.url}/there"),)))
        async with watching(RtspReader(camera.url, timeouts=PATIENT)):
            await other.is_playing.wait()
            await camera.has_closed.wait()
        assert other.requests[1].uri == f"{other.url}/there"


async def test_a_redirection_to_another_host_is_refused() -> None:
    for location in ("rtsp://10.9.8.7/live", "rtsp://localhost/live"):
        async with RtspCamera(describe=always(Response(302, (("Location", location),)))) as camera:
            error = await failure(camera)
            assert isinstance(error, SourceRefused)
            assert "another host" in str(error)


async def test_a_redirection_in_a_circle_ends() -> None:
    async with RtspCamera() as camera:
        camera.answers["describe"] = always(Response(302, (("Location", camera.url),)))
        assert "from address to address" in str(await failure(camera))
        assert camera.connections == 4


@pytest.mark.parametrize("method", ["describe", "play", ""])
async def test_a_camera_that_hangs_up_has_ended(method: str) -> None:
    async with RtspCamera() as camera:

        def hang_up(request: Request) -> None:
            camera.hang_up()

        if method:
            camera.answers[method] = hang_up
        task = asyncio.create_task(failure(camera))
        if not method:
            await camera.is_playing.wait()
            camera.hang_up()
        error = await task
        assert type(error) is SourceEnded
        assert str(error) == "The camera closed the connection."


async def test_strange_text_in_answers_does_no_harm() -> None:
    strange = "a\u00e9\u0085\u00ff"
    sdp = SDP.replace(b"track1", "tr\u0444ck 1\u0001".encode())
    answers = {
        "options": always(Response(200, (("Public", strange),), reason=strange)),
        "describe": always(Response(200, (("Content-Base", strange),), sdp)),
        "setup": always(Response(200, (("Transport", strange), ("Session", f"{strange};timeout=99999999999")))),
    }
    async with RtspCamera(**answers) as camera, watching(RtspReader(camera.url, timeouts=PATIENT)):
        await camera.is_playing.wait()
        assert camera.requests[2].uri.isascii()


# Odd ones


async def test_jpeg_over_rtp_becomes_pictures() -> None:
    pictures = [coded_jpeg(320, 240), coded_jpeg(160, 96)]
    described = b"v=0\r\nm=video 0 RTP/AVP 26\r\na=control:track1\r\n"
    packetiser = Packetiser(rtp_jpeg.pack, payload_type=26, ssrc=1)
    async with (
        RtspCamera(describe=always(Response(200, (), described))) as camera,
        watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer,
    ):
        await camera.is_playing.wait()
        for number, picture in enumerate(pictures):
            for packet in packetiser.packets([picture], 90_000 * number):
                camera.send(interleave(0, packet))
        first, second = await viewer.until(2)
        assert (first.parameters.codec, first.is_key, first.timestamp) == ("mjpeg", True, 0)
        assert [(unit.parameters.width, unit.parameters.height) for unit in (first, second)] == [(320, 240), (160, 96)]
        assert jpeg.size(second.data) == (160, 96)


async def test_a_stream_without_idr_pictures_begins_at_a_recovery_point() -> None:
    point = bytes.fromhex("060601c480")
    async with RtspCamera() as camera, watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer:
        await camera.is_playing.wait()
        for number in range(10):
            camera.send(camera.picture(number * 90_000, point, SLICE))
        units = await viewer.until(10)
        assert [number for number, unit in enumerate(units) if unit.is_key] == [5, 6, 7, 8, 9]
        assert [number for number, unit in enumerate(units) if unit.is_recovery] == [5, 6, 7, 8, 9]
        camera.send(camera.picture(900_000, IDR))
        assert not (await viewer.until(11))[10].is_recovery


async def test_more_than_any_camera_sends_ends_the_connection_in_words() -> None:
    async with RtspCamera() as camera:
        task = asyncio.create_task(failure(camera))
        await camera.is_playing.wait()
        camera.send(b"".join(camera.picture(number * 3600, IDR[:20]) for number in range(MAX_PICTURES + 1)))
        error = await task
        assert isinstance(error, SourceGarbled)
        assert "more than any camera does" in str(error)
        assert "RTSP" not in str(error)


async def test_a_camera_that_sends_a_picture_now_and_then_is_not_left() -> None:
    """Its gaps are longer than the silence that others are allowed."""
    slow = replace(PATIENT, silence_s=0.1)
    async with RtspCamera() as camera, watching(RtspReader(camera.url, timeouts=slow)) as viewer:
        await camera.is_playing.wait()
        for number in range(4):
            camera.send(camera.picture(number * 90_000, IDR))
            await viewer.until(number + 1)
            await asyncio.sleep(0.2)  # the gap itself is what is tried
        assert camera.connections == 1


async def test_another_word_for_who_asks_is_sent_where_a_camera_wants_one() -> None:
    async with RtspCamera() as camera:
        async with watching(RtspReader(camera.url, timeouts=PATIENT, user_agent="LibVLC/3.0")):
            await camera.is_playing.wait()
        await camera.has_closed.wait()
        assert {request.header("User-Agent") for request in camera.requests} == {"LibVLC/3.0"}
