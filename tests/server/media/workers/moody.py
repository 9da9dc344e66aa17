"""A photo worker that goes wrong as the last word of its picture says; without one it does its work."""

import ctypes
import sys
import time

from server.media import photo, photo_worker, sandbox
from server.media.header import MAX_BYTES
from streams import child


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    sandbox.enter(memory_bytes=photo_worker.MEMORY_BYTES, cpu_s=photo_worker.CPU_S)
    from server.media.pixels import PixelMaker

    maker = PixelMaker()
    sandbox.lock(open_files=maker.open_files)
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    out = sys.stdout.buffer
    match data.rpartition(b"\xff\xd9")[2]:
        case b"crash":
            ctypes.string_at(0)
        case b"hang":
            time.sleep(3600)
        case b"eat":
            out.write(bytes(photo_worker.MEMORY_BYTES)[:1])
        case b"fail":
            out.write(photo.FAILED + b"MemoryError")
        case b"babble":
            while True:
                out.write(bytes(65536))
        case b"page":
            out.write(photo.pack(b"<script>alert(1)</script>", b"<script>"))
        case b"half":
            out.write(photo.pack(*maker.develop(data))[:-1])
        case _:
            out.write(photo.pack(*maker.develop(data)))


if __name__ == "__main__":
    main()
