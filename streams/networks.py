"""Networks: where cameras may be. Asked about the address that is connected to, not about the name that led there."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from streams.errors import SourceRefused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fd00:ec2::254/128",
        "fe80::/10",
        "ff00::/8",
    )
)
"""What is no single machine, and link-local, where clouds tell their machines secrets (169.254.169.254)."""


@dataclass(frozen=True, slots=True)
class Networks:
    listed: tuple[Network, ...] = ()
    """(): everywhere, but where no camera is."""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """
        Raises:
            ValueError: one is no network.
        """
        return cls(tuple(ipaddress.ip_network(text) for text in texts))

    @property
    def texts(self) -> list[str]:
        return [str(network) for network in self.listed]

    def check(self, address: str) -> None:
        """Call it with what is connected to, just before.

        Raises:
            SourceRefused: no camera may be there.
        """
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            raise SourceRefused("The address leads to something that is no internet address.") from None
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        if self.listed and not any(ip in network for network in self.listed):
            raise SourceRefused(
                f"The address leads to {ip}, which is in none of the camera_networks of the configuration."
            )
        if not self.listed and any(ip in network for network in _NEVER):
            raise SourceRefused(
                f"The address leads to {ip}, where no camera is expected."
                " List its network under camera_networks in the configuration if it is right."
            )


ANYWHERE = Networks()
