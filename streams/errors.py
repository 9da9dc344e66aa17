"""Errors of the intake, each with a stable code.

    StreamsError
    ├── ConfigError            the configuration is wrong; the message starts with the path of the key
    ├── FormatError            bytes are not what their format allows
    ├── BusError               Redis or Valkey can't be reached or answers wrongly
    └── SourceError            a camera or feed can't be read (the supervisor tries again)
        ├── SourceUnreachable  no such host, refused, timed out while connecting
        ├── SourceRefused      it answered, and said no: wrong password, unknown path
        │   └── SourceFull     it has no place for another viewer
        ├── SourceSilent       connected, but nothing came in time
        ├── SourceGarbled      it sends what its protocol does not allow
        ├── SourceUnsupported  it works, but not in a codec or protocol we can relay
        └── SourceEnded        it closed the connection or reached its end

Messages are sentences for the operator: what was expected, what came, what to do. They never hold credentials.
"""


class StreamsError(Exception):
    code = "streams.error"


class ConfigError(StreamsError):
    code = "config.invalid"


class FormatError(StreamsError):
    code = "format.invalid"


class BusError(StreamsError):
    code = "bus.unavailable"


class SourceError(StreamsError):
    code = "source.error"


class SourceUnreachable(SourceError):
    code = "source.unreachable"


class SourceRefused(SourceError):
    code = "source.refused"


class SourceFull(SourceRefused):
    code = "source.full"

    def __init__(self, sentence: str, *, wait_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s
        """How long the source wants to be left alone; 0 when it did not say."""


class SourceSilent(SourceError):
    code = "source.silent"


class SourceGarbled(SourceError):
    code = "source.garbled"


class SourceUnsupported(SourceError):
    code = "source.unsupported"


class SourceEnded(SourceError):
    code = "source.ended"
