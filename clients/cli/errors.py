"""What can go wrong between this client and a server, each with a stable code and an exit code of the command line.

    ClientError                1
    ├── Unreachable            3  no answer from the server: wrong address, not running, network down
    ├── SignInRequired         4  no session, it has ended, or the name or password is wrong
    ├── NotAllowed             4  signed in, but not with this role
    ├── Refused                5  the server understood and said no; repeating it unchanged gives the same answer
    ├── NotUnderstood          5  the server says what docs/wire.md does not allow
    ├── Unrecordable           5  these pictures can't be written into this kind of file
    └── Unavailable            6  the server can't do it now (503, 429): try again later

2 is argparse's: the command line is wrong. 130: stopped by Ctrl-C.
"""


class ClientError(Exception):
    exit_code = 1

    def __init__(self, message: str, *, code: str = "", path: str = "") -> None:
        """``code`` and ``path`` are the server's (docs/wire.md §2), "" when it gave none."""
        super().__init__(message)
        self.code = code
        self.path = path


class Unreachable(ClientError):
    exit_code = 3


class SignInRequired(ClientError):
    exit_code = 4


class NotAllowed(ClientError):
    exit_code = 4


class Refused(ClientError):
    exit_code = 5


class NotUnderstood(ClientError):
    exit_code = 5


class Unrecordable(ClientError):
    exit_code = 5


class Unavailable(ClientError):
    exit_code = 6

    def __init__(self, message: str, *, code: str = "", path: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, code=code, path=path)
        self.retry_after_s = retry_after_s
