"""RedisServer: redis-py's way to the bus, through sentinels and clusters too."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from streams.bus.address import BusAddress
from streams.bus.guide import guide_to
from streams.errors import BusError


class RedisServer:
    def __init__(self, url: str, *, timeout_s: float) -> None:
        """
        Args:
            timeout_s: of each connecting and each answer.
        """
        self._url = url
        self._timeout_s = timeout_s
        self._address = BusAddress.parse(url)
        self._guide = guide_to(self._address)

    async def client(self) -> Redis:
        """A new client of the server that is the bus now. It connects when it is used; after an error take another, the
        bus may have moved.

        Raises:
            BusError, RedisError: no sentinel tells, what it names does not take itself for the master, or no node of
                the cluster can be reached.
        """
        retry = Retry(NoBackoff(), 0)
        if self._guide is None:
            return Redis.from_url(
                self._url,
                protocol=2,
                socket_timeout=self._timeout_s,
                socket_connect_timeout=self._timeout_s,
                retry=retry,
                driver_info=None,  # looking up its own version would block the loop at every connection
            )
        found = await self._guide.find()
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
        if not self._address.sentinels:
            return client
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
        if self._guide is None:
            return False
        place = client.connection_pool.connection_kwargs
        return await self._guide.has_moved(place["host"], place["port"])
