"""Photos: pictures in files, sent so that a push or bulletin can show them."""

import asyncio
from pathlib import Path

from clients.cli.client import Client
from clients.cli.errors import Refused


async def send(client: Client, file: Path) -> str:
    """The id of the photo that the server made of it.

    Raises:
        Refused: the file can't be read, or it is no picture that the server takes.
    """
    try:
        picture = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from error
    photo = await client.upload(picture)
    return str(photo["id"])
