"""A lightbox worker that goes wrong as its question says: the data of the picture is the mood."""

import ctypes
import sys
import time

from streams import child
from streams.formats import picture_pipe


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    match picture_pipe.unpack_question(sys.stdin.buffer.read()).picture.data:
        case b"crash":
            ctypes.string_at(0)
        case b"hang":
            time.sleep(3600)
        case b"babble":
            while True:
                sys.stdout.buffer.write(b"\0" * 65536)
        case b"nonsense":
            sys.stdout.buffer.write(b"nonsense")
        case _:
            sys.exit(0)


if __name__ == "__main__":
    main()
