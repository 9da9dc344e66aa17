"""The process that decodes one picture and ends: a decoder that was taken over, or keeps remains of what it decoded
in its memory, never meets another one.

    python -m server.media.photo_worker PID_OF_PARENT

The picture comes on stdin until its end, the message of ``photo`` goes to stdout.
"""

import importlib
import os
import sys

from server.errors import PhotoDamaged
from server.media import photo, sandbox
from server.media.header import MAX_BYTES, MAX_PIXELS
from server.media.heif import is_heif
from streams import child

MEMORY_BYTES = 1536 * 1024 * 1024
"""50 megapixels with 16 bits and alpha are 400 MB, decoder and half a copy come on top."""
CPU_S = 10


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    # Two more locks on the same door, and no thread: the address space is for pixels.
    os.environ |= {"OPENCV_IO_MAX_IMAGE_PIXELS": str(MAX_PIXELS), "OPENBLAS_NUM_THREADS": "1"}
    sandbox.enter(memory_bytes=MEMORY_BYTES, cpu_s=CPU_S)
    # Only now: a user of its own needs a process without threads.
    from server.media.pixels import PixelMaker

    maker = PixelMaker()
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if is_heif(data):
        importlib.import_module("server.media.heif_pixels")
    sandbox.lock(open_files=maker.open_files)
    try:
        message = photo.pack(*maker.develop(data))
    except PhotoDamaged:
        message = photo.DAMAGED
    except Exception as error:  # the boundary of this process
        message = photo.FAILED + type(error).__name__.encode()
    sys.stdout.buffer.write(message)


if __name__ == "__main__":
    main()
