"""Address: where a source is, and the user name and password that may stand in it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from streams.errors import SourceUnreachable


@dataclass(frozen=True, slots=True)
class Address:
    parts: SplitResult
    """Without credentials."""
    username: str
    password: str

    @classmethod
    def of(cls, url: str, schemes: Collection[str], *, expected: str, username: str = "", password: str = "") -> Self:
        """
        Args:
            expected: such an address, for people.
            username: with ``password``, instead of those in ``url``; "" for none.

        Raises:
            SourceUnreachable: it is no address of these schemes.
        """
        try:
            parts = urlsplit(url)
            is_usable = parts.scheme in schemes and (parts.scheme == "file" or bool(parts.hostname)) and parts.port != 0
        except ValueError:
            parts, is_usable = urlsplit(""), False
        if not is_usable:
            raise SourceUnreachable(f"The address can't be used: expected {expected}.")
        if not username and parts.username:
            username, password = unquote(parts.username), unquote(parts.password or "")
        return cls(parts._replace(netloc=parts.netloc.rpartition("@")[2]), username, password)

    @property
    def url(self) -> str:
        return self.parts.geturl()
