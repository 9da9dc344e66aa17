"""Films that a test makes: encoded pictures as a camera's reader gives them; and strangers who check a file of them."""

import hashlib
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

import av
import imageio_ffmpeg
import numpy as np

from streams.access_unit import AccessUnit
from streams.cameras.muxer import Muxer
from streams.formats import h264, h265
from streams.formats.h264 import split_annex_b
from streams.formats.mp4_file import Mp4File
from streams.fragment import Fragment

START_S = 1_795_200_000.0
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


@cache
def film(
    codec: Literal["h264", "h265"] = "h264", *, pictures: int = 50, b_frames: int = 0, width: int = 322, every: int = 10
) -> tuple[AccessUnit, ...]:
    """25 pictures a second, a key frame each ``every``."""
    name, options = "libx264", {"preset": "ultrafast", "x264-params": f"bframes={b_frames}:b-adapt=0:scenecut=0"}
    if codec == "h265":
        params = f"log-level=none:pools=1:frame-threads=1:bframes={b_frames}:b-adapt=0:open-gop=0"
        name, options = "libx265", {"preset": "ultrafast", "x265-params": params}
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, 182, "yuv420p"
    encoder.framerate = 25  # type: ignore[assignment]
    encoder.gop_size, encoder.max_b_frames = every, b_frames
    encoder.flags |= av.codec.context.Flags.global_header
    encoder.options = options
    noise = np.random.default_rng(1).integers(0, 255, (182, width, 3), np.uint8)
    packets = []
    for number in range(pictures):
        picture = av.VideoFrame.from_ndarray(np.roll(noise, number * 3, axis=1), "rgb24").reformat(format="yuv420p")
        picture.pts = number
        packets += encoder.encode(picture)
    packets += encoder.encode(None)
    sets = split_annex_b(bytes(encoder.extradata or b""))
    if codec == "h265":
        by_kind = [[nal for nal in sets if h265.nal_type(nal) == kind] for kind in (32, 33, 34)]
        parameters, sample = h265.video_parameters(*by_kind), h265.sample
    else:
        by_kind = [[nal for nal in sets if nal[0] & 31 == kind] for kind in (7, 8)]
        parameters, sample = h264.video_parameters(*by_kind), h264.sample
    first = min(packet.dts or 0 for packet in packets)
    units = []
    for packet in packets:
        data, is_key = sample(split_annex_b(bytes(packet)))
        at = (packet.dts or 0) - first
        offset = (packet.pts or 0) - (packet.dts or 0)
        units.append(AccessUnit(parameters, data, is_key, START_S + at / 25, at * 3600, offset * 3600))
    return tuple(units)


def later(units: Sequence[AccessUnit], by_s: float) -> list[AccessUnit]:
    """The same pictures at another time."""
    ticks = round(by_s * 90_000)
    return [
        replace(unit, captured_at=unit.captured_at + by_s, timestamp=((unit.timestamp or 0) + ticks) % 2**32)
        for unit in units
    ]


def fragments(units: Sequence[AccessUnit], muxer: Muxer | None = None) -> list[Fragment]:
    muxer = muxer or Muxer(4)
    return [fragment for unit in units for fragment in muxer.push(unit)]


def written(path: Path, messages: Sequence[Fragment]) -> Mp4File:
    """The file that is made of them."""
    file = Mp4File()
    samples = b"".join([file.add(message) for message in messages])
    if file.changes:
        file = Mp4File(carries_sets=True)
        samples = b"".join([file.add(message) for message in messages])
    path.write_bytes(file.head() + samples)
    return file


def complaints(path: Path) -> str:
    """What FFmpeg has to say against it, decoding all of it."""
    command = [FFMPEG, "-v", "error", "-i", str(path), "-map", "0:v", "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stderr


def hashes(path: Path) -> list[str]:
    """Of each picture that a stranger decodes."""
    with av.open(path) as container:
        return [hashlib.sha256(picture.to_ndarray().tobytes()).hexdigest() for picture in container.decode(video=0)]


def shown_at(path: Path) -> list[float]:
    """When each picture is shown, seconds."""
    with av.open(path) as container:
        return [picture.time or 0.0 for picture in container.decode(video=0)]


def source_hashes(units: Sequence[AccessUnit]) -> list[str]:
    """Of each picture, decoded from the camera's bytes themselves."""
    decoder = av.CodecContext.create("hevc" if units[0].parameters.codec == "h265" else "h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    found = []
    for unit in units:
        parameters = unit.parameters
        sets = (*parameters.vps, *parameters.sps, *parameters.pps) if unit.is_key else ()
        found += decoder.decode(av.Packet(b"".join(b"\0\0\0\1" + nal for nal in (*sets, *h264.split_avcc(unit.data)))))
    found += decoder.decode(None)
    return [hashlib.sha256(picture.to_ndarray().tobytes()).hexdigest() for picture in found]
