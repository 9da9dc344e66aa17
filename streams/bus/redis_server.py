"""RedisServer: redis-py's way to the bus, through sentinels too."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from streams.bus.address import BusAddress
from streams.bus.sentinels import Sentinels
from streams.errors import BusError


class RedisServer:
    def __init__(self, url: str, *, timeout_s: float) -> None:
        """
        Args:
            timeout_s: of each connecting and each answer.
        """
        self._url = url
        self._timeout_s = timeout_s
        address = BusAddress.parse(url)
        self._sentinels = Sentinels(address) if address.sentinels else None

    async def client(self) -> Redis:
        """A new client of the server that is the bus now. It connects when it is used; after an error take another, the
        bus may have moved.

        Raises:
            BusError, RedisError: the sentinels name no master, or one that does not take itself for it.
        """
        retry = Retry(NoBackoff(), 0)
        if self._sentinels is None:
            return Redis.from_url(
                self._url,
                protocol=2,
                socket_timeout=self._timeout_s,
                socket_connect_timeout=self._timeout_s,
                retry=retry,
                driver_info=None,  # looking up its own version would block the loop at every connection
            )
        found = await self._sentinels.master()
        client = Redis(
            host=found.host,
            port=found.port,
            db=found.db,
            username=found.username or None,
            password=found.password or None,
            ssl=found.tls,
            ssl_ca_certs=found.ca_file,
            ssl_cert_reqs="required" if found.verify else "none",
            ssl_check_hostname=found.verify,
            protocol=2,
            socket_timeout=self._timeout_s,
            socket_connect_timeout=self._timeout_s,
            retry=retry,
            driver_info=None,
        )
        try:
            role = await client.role()
            if role[0] != b"master":
                raise BusError(f"Redis at {found.place} is not the master {found.master!r} any more, or not yet.")
        except BaseException:
            await client.aclose()
            raise
        return client

    async def has_moved(self, client: Redis) -> bool:
        """Whether another server than the client's is the bus now; ask now and then."""
        if self._sentinels is None:
            return False
        place = client.connection_pool.connection_kwargs
        return await self._sentinels.has_moved(place["host"], place["port"])
