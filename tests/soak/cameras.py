"""The cameras of the soak: simulated, by RTSP, in a process of their own, failing on command.

    python -m tests.soak.cameras FOLDER COUNT

Makes its clips in FOLDER when they are not there, prints ``{"ready": true, "urls": […]}``, and obeys lines on stdin,
``stall 3``, ``kill 3``, ``change 3``, ``resume 3``, each answered by ``{"at": …}`` on ``time.monotonic``.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import uvloop

from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity

SIZES = ((640, 360), (480, 272))


async def serve(clips: list[Clip], count: int) -> None:
    cameras = [SimulatedCamera(f"camera-{number}", clips[0]) for number in range(count)]
    async with SimulatedCity(cameras) as city:
        _say(ready=True, urls=[city.url(camera.id) for camera in cameras])
        while line := await asyncio.to_thread(sys.stdin.readline):
            word, number = line.split()
            _obey(cameras[int(number)], word, clips)
            _say(at=time.monotonic())


def _obey(camera: SimulatedCamera, word: str, clips: list[Clip]) -> None:
    match word:
        case "stall":
            camera.stall()
        case "kill":
            camera.kill()
        case "change":
            camera.change_resolution(clips[1] if camera.clip is clips[0] else clips[0])
        case "resume":
            camera.resume()
        case _:
            raise ValueError(f"unknown order {word!r}")


def _say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def main() -> None:
    recipes = [
        Recipe(title="Soak", seed=2, width=width, height=height, fps=15, length_s=20, key_every_s=2.0)
        for width, height in SIZES
    ]
    clips = [Clip.open(make(recipe, Path(sys.argv[1]))) for recipe in recipes]
    uvloop.run(serve(clips, int(sys.argv[2])))


if __name__ == "__main__":
    main()
