"""The camera of the benchmark: simulated, by RTSP, 1280 × 720, 25 pictures a second, 2 Mb/s, a key frame every 2 s.

    python -m tests.bench.camera FOLDER SENT

Makes its clip in FOLDER when it is not there, prints ``{"ready": true, "url": …, "clip": …}``, and plays until its
stdin ends. Then it writes to the file SENT when each picture went out.
"""

import asyncio
import json
import sys
from pathlib import Path

import uvloop

from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from tests.bench.sent import SentLog

RECIPE = Recipe(
    title="Benchmark",
    seed=1,
    width=1280,
    height=720,
    fps=25,
    length_s=20,
    key_every_s=2.0,
    max_bitrate_bps=2_000_000,
    grain=8,
)


async def serve(clip_file: Path, sent: Path) -> None:
    clip = await asyncio.to_thread(Clip.open, clip_file)
    log = SentLog()
    camera = SimulatedCamera("bench", clip, on_send=lambda _, at_ns, tail: log.note(at_ns, tail))
    async with SimulatedCity([camera]) as city:
        bitrate_bps = round(sum(len(clip[n]) for n in range(len(clip))) * 8 / clip.length_s)
        ready = {"ready": True, "url": city.url("bench"), "clip": str(clip_file), "bitrate_bps": bitrate_bps}
        print(json.dumps(ready), flush=True)
        await asyncio.to_thread(sys.stdin.read)
    await asyncio.to_thread(sent.write_bytes, log.content())


def main() -> None:
    clip_file = make(RECIPE, Path(sys.argv[1]))
    uvloop.run(serve(clip_file, Path(sys.argv[2])))


if __name__ == "__main__":
    main()
