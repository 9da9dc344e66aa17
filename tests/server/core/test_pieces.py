"""Messages in pieces, read again by the sans-I/O parser of a library that knows the rules."""

from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from server.core.pieces import first_piece, next_piece, ping_frame, split
from server.core.wire import text_frame
from streams.fragment import Flag, Kind, pack


def message(size: int) -> bytes:
    body = bytes(n % 251 for n in range(size))
    return pack(Kind.FRAME, Flag.KEY, camera_number=1, sequence=1, captured_ms=0, dts=0, body=body).message


def read(data: bytes) -> list[Frame]:
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN, max_size=None)
    client.receive_data(data)
    return [event for event in client.events_received() if isinstance(event, Frame)]


@given(size=st.sampled_from([0, 80, 120, 300, 65_000, 70_000, 200_000]), sizes=st.lists(st.integers(1, 70_000)))
def test_the_pieces_are_the_message_with_pings_between(size: int, sizes: list[int]) -> None:
    whole = message(size)
    piece, rest = first_piece(whole, sizes[0] if sizes else len(whole))
    data, pings = bytearray(piece), 0
    for step in [*sizes[1:], len(whole)]:
        if not rest:
            break
        piece, rest = next_piece(rest, step)
        data += ping_frame(pings) + piece
        pings += 1
    frames = read(bytes(data))
    payload = b"".join(frame.data for frame in frames if frame.opcode is not Opcode.PING)
    assert payload == read(whole)[0].data
    assert [frame.data for frame in frames if frame.opcode is Opcode.PING] == [n.to_bytes(8) for n in range(pings)]
    assert frames[-1].fin


def test_frames_that_were_put_together_are_taken_apart() -> None:
    frames = [text_frame({"type": "init"}), message(300), message(70_000), ping_frame(7), text_frame({"n": "x" * 400})]
    assert list(split(b"".join(frames))) == frames
    assert next(split(frames[2])) is frames[2], "one alone is not copied"


def test_what_fits_is_not_cut() -> None:
    whole = message(100)
    assert first_piece(whole, 124)[0] is whole
    assert first_piece(whole, 123)[1] == whole[-1:]
