"""A packets worker that goes wrong as the name of its file says."""

import ctypes
import json
import os
import sys
import time
from pathlib import Path

from streams import child
from streams.cameras import packets_worker, sandbox
from streams.formats import packet_pipe
from streams.formats.h264 import video_parameters

SPS, PPS = bytes.fromhex("674d001e95a82d0f69b808080810"), bytes.fromhex("68ee3c80")


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    mood = json.loads(sys.stdin.readline())["url"].rpartition("/")[2]
    packets_worker.LIMITS.set()
    pipe = sys.stdout.buffer
    match mood:
        case "crash":
            ctypes.string_at(0)
        case "hang":
            time.sleep(3600)
        case "eat":
            eaten = []
            while True:
                eaten.append(bytes(64 * 1024 * 1024))
        case "babble":
            while True:
                pipe.write(b"\xff" * 65536)
        case "spam":
            while True:
                pipe.write(packet_pipe.parameters(video_parameters([SPS], [PPS])))
        case "swell":
            while True:
                pipe.write(packet_pipe.HEADER.pack(packet_pipe.Kind.PICTURE, 0, 2**32 - 1, 0, 0))
        case "unasked":
            pipe.write(packet_pipe.picture(b"x", is_key=True, timestamp=0, composition_offset=0))
            pipe.flush()
            time.sleep(3600)
        case "run":
            sandbox.lock_reader()
            os.execv("/bin/true", ["true"])
        case "write":
            sandbox.lock_reader()
            Path("/dev/null").write_bytes(b"")
        case _:
            sys.exit(2)


if __name__ == "__main__":
    main()
