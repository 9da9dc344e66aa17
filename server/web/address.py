"""Where a request comes from."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import web


def client_address(request: web.BaseRequest, *, behind_proxy: bool) -> str:
    """The address of the client, as text.

    Behind a proxy it is the last one in ``X-Forwarded-For``: that one our proxy has put there, the ones before it
    anybody can make up. Without a declared proxy the header means nothing.
    """
    forwarded = request.headers.getall("X-Forwarded-For", []) if behind_proxy else []
    last = forwarded[-1].rpartition(",")[2].strip() if forwarded else ""
    return last or request.remote or ""


def is_in(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address belongs to one of the networks (CIDR)."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in ip_network(network) for network in networks)
