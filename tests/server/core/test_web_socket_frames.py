"""Reading what clients send, in whatever pieces it arrives (RFC 6455 §5; examples of §5.7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.web_socket_frames import Binary, Close, FrameReader, Message, Ping, Pong, Refused, Text
from server.core.wire import MAX_MESSAGE_BYTES

MASK = b"\x37\xfa\x21\x3d"


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, mask: bytes = MASK) -> bytes:
    """A masked frame, made byte by byte as the RFC has it."""
    size = len(payload)
    length = (
        bytes((0x80 | size,))
        if size < 126
        else b"\xfe" + size.to_bytes(2)
        if size < 65536
        else b"\xff" + size.to_bytes(8)
    )
    masked = bytes(byte ^ mask[number % 4] for number, byte in enumerate(payload))
    return bytes((0x80 * final | opcode,)) + length + mask + masked


def read(data: bytes, *, step: int = 0) -> list[Message]:
    reader, found = FrameReader(), []
    step = step or len(data) or 1
    for at in range(0, len(data), step):
        reader.feed(data[at : at + step])
        while (message := reader.next()) is not None:
            found.append(message)
    assert reader.waiting_bytes == 0
    return found


def refusal(data: bytes) -> int:
    with pytest.raises(Refused) as refused:
        read(data)
    return refused.value.code


def test_the_examples_of_the_standard_are_understood() -> None:
    assert read(bytes.fromhex("818537fa213d7f9f4d5158")) == [Text("Hello")]
    assert read(bytes.fromhex("8a8537fa213d7f9f4d5158")) == [Pong(b"Hello")]


payloads = st.one_of(
    st.builds(Text, st.text(max_size=300)),
    st.builds(Binary, st.binary(max_size=300)),
    st.builds(Ping, st.binary(max_size=125)),
    st.builds(Pong, st.binary(max_size=125)),
)


@given(st.data())
def test_any_messages_cut_into_any_frames_and_any_pieces_are_read_as_they_were_sent(data: st.DataObject) -> None:
    sent: list[Message] = []
    stream = b""
    for message in data.draw(st.lists(payloads, max_size=6)):
        if isinstance(message, Ping | Pong):
            stream += frame(9 if isinstance(message, Ping) else 10, message.payload)
            sent.append(message)
            continue
        opcode, rest = (1, message.text.encode()) if isinstance(message, Text) else (2, message.payload)
        while cut := data.draw(st.integers(0, len(rest)), label="part"):
            if cut == len(rest):
                break
            stream += frame(opcode, rest[:cut], final=False, mask=data.draw(st.binary(min_size=4, max_size=4)))
            opcode, rest = 0, rest[cut:]
            if data.draw(st.booleans(), label="a ping in between"):
                stream += frame(9, b"between")
                sent.append(Ping(b"between"))
        stream += frame(opcode, rest)
        sent.append(message)
    assert read(stream, step=data.draw(st.integers(0, 50))) == sent
    assert read(stream, step=1) == sent


def test_a_message_may_have_64_kib_in_one_frame_or_many_and_no_more() -> None:
    whole, half = b"x" * MAX_MESSAGE_BYTES, b"x" * (MAX_MESSAGE_BYTES // 2)
    assert read(frame(1, whole)) == [Text(whole.decode())]
    assert read(frame(1, half, final=False) + frame(0, half)) == [Text(whole.decode())]
    assert refusal(frame(1, whole + b"x")) == 1009
    assert refusal(frame(1, half, final=False) + frame(0, half + b"x")) == 1009


def test_what_is_too_large_is_refused_by_its_length_before_it_has_come() -> None:
    assert refusal(b"\x82\xff" + (2**62).to_bytes(8)) == 1009


@pytest.mark.parametrize(
    "data",
    [
        b"\x81\x05Hello",
        b"\xc1" + frame(1, b"reserved")[1:],
        frame(3, b"unknown"),
        frame(11, b"unknown"),
        frame(9, final=False),
        b"\x89\xfe\x00\x7e" + MASK + bytes(126),
        frame(0, b"continues nothing"),
        frame(1, b"begun", final=False) + frame(1, b"another"),
        frame(8, b"\x03"),
        *(frame(8, code.to_bytes(2)) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000)),
    ],
)
def test_what_the_standard_forbids_is_refused(data: bytes) -> None:
    assert refusal(data) == 1002


@pytest.mark.parametrize("data", [frame(1, b"\xff\xfe"), frame(1, "é".encode()[:1]), frame(8, b"\x03\xe8\xff")])
def test_text_that_is_no_utf_8_is_refused(data: bytes) -> None:
    assert refusal(data) == 1007


def test_a_character_may_be_cut_in_two_by_frames() -> None:
    first, second = "é".encode()[:1], "é".encode()[1:]
    assert read(frame(1, first, final=False) + frame(0, second)) == [Text("é")]


def test_goodbyes_come_with_a_code_or_without() -> None:
    assert read(frame(8)) == [Close(None)]
    assert read(frame(8, (1000).to_bytes(2) + "Bye é".encode())) == [Close(1000)]
    assert read(frame(8, (4999).to_bytes(2))) == [Close(4999)]


@given(st.binary(max_size=400))
def test_nothing_that_arrives_does_anything_but_read_or_refuse(data: bytes) -> None:
    codes = []
    reader = FrameReader()
    reader.feed(data)
    try:
        while reader.next() is not None:
            pass
    except Refused as refused:
        codes.append(refused.code)
    assert set(codes) <= {1002, 1007, 1009}
