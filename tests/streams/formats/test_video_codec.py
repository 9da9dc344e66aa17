import pytest

from streams.formats.video_codec import H264, H265, VideoCodec

SETS = {
    "h264": (bytes.fromhex("674d001e95a82d0f69b808080810"), bytes.fromhex("68ee3c80")),
    "h265": (
        bytes.fromhex("40010c01ffff01600000030090000003000003005d959409"),
        bytes.fromhex("42010101600000030090000003000003005da00280802d16595952930b9a020000030002000003003210"),
        bytes.fromhex("4401c073c189"),
    ),
}


@pytest.mark.parametrize(
    ("codec", "name", "key", "other"),
    [(H264, "h264", b"\x65\x88key", b"\x41\x9aother"), (H265, "h265", b"\x26\x01\xafkey", b"\x02\x01\xd0other")],
)
def test_a_reader_treats_both_codecs_alike(codec: VideoCodec, name: str, key: bytes, other: bytes) -> None:
    assert codec.new_sets().parameters is None
    sets = codec.new_sets()
    sets.describe(SETS[name])
    assert sets.parameters is not None
    assert sets.parameters.codec == name
    sets.update([*SETS[name], key])
    assert codec.sample([*SETS[name], key]) == (len(key).to_bytes(4, "big") + key, True)
    assert codec.sample([other]) == (len(other).to_bytes(4, "big") + other, False)
