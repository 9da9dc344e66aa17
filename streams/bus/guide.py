"""Guide: finds the server to use where the address of the bus names others, or several."""

from typing import Protocol

from streams.bus.address import BusAddress
from streams.bus.cluster import ClusterNodes
from streams.bus.sentinels import Sentinels


class Guide(Protocol):
    async def find(self) -> BusAddress:
        """The one server to connect to now.

        Raises:
            BusError: there is none.
        """

    async def has_moved(self, host: str, port: int) -> bool:
        """Whether that is another one now than the one at this place, to which we are connected."""


def guide_to(address: BusAddress) -> Guide | None:
    """None when the address is that of the server itself. Reads certificate files."""
    if address.sentinels:
        return Sentinels(address)
    return ClusterNodes(address) if address.nodes else None
