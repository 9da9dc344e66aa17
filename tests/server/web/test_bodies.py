import asyncio
import logging
from urllib.parse import urlsplit

import pytest

from tests.server.running import Client, Running


async def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_error_of_ours(
    server: Running, operator: Client, caplog: pytest.LogCaptureFixture
) -> None:
    where = urlsplit(server.address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    head = (
        "POST /api/alerts HTTP/1.1",
        f"Host: {where.netloc}",
        f"Authorization: Bearer {operator.token}",
        "Content-Length: 100",
        "Expect: 100-continue",
    )
    writer.write("\r\n".join((*head, "", '{"ide')).encode())
    await reader.readuntil(b"100 Continue\r\n")
    writer.transport.abort()
    await server.stop()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
