"""RtspSignIn: answers the newest challenge of a server, for RTSP and for the HTTP that it may be carried by."""

import secrets
from collections.abc import Sequence

from streams.errors import SourceRefused
from streams.formats.digest import Challenge, Credentials, authorize, choose, parse_challenges


class RtspSignIn:
    def __init__(self, credentials: Credentials | None) -> None:
        """``credentials``: None when nothing is configured."""
        self._credentials = credentials
        self._challenge: Challenge | None = None
        self._count = 0

    def take(self, challenges: Sequence[str]) -> None:
        """The fields ``WWW-Authenticate`` of a refusal.

        Raises:
            SourceRefused: nothing is configured, or none can be answered.
        """
        if self._credentials is None:
            raise SourceRefused("The camera asks for a user name and a password. Put them in the configuration.")
        self._challenge = choose(parse_challenges(challenges))
        self._count = 0
        if self._challenge is None:
            raise SourceRefused("The camera asks for a kind of sign-in that is neither Digest nor Basic.")

    def authorization(self, method: str, uri: str) -> str:
        """Empty before the first challenge."""
        if self._credentials is None or self._challenge is None:
            return ""
        self._count += 1
        return authorize(
            self._challenge,
            self._credentials,
            method=method,
            uri=uri,
            cnonce=secrets.token_hex(8),
            nonce_count=self._count,
        )
