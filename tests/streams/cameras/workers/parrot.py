"""An encoder that says whatever the pictures that it is given say."""

import sys

from streams import child
from streams.formats import encoder_pipe


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    source, pipe = sys.stdin.buffer, sys.stdout.buffer
    pipe.write(encoder_pipe.taken())
    pipe.flush()
    while header := source.read(encoder_pipe.HEADER.size):
        head = encoder_pipe.unpack_header(header)
        body = source.read(head.length)
        if head.kind is encoder_pipe.Kind.PICTURE:
            pipe.write(body)
            pipe.flush()


if __name__ == "__main__":
    main()
