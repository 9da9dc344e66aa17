"""Opening the bell, when the configuration wants one."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from server.core.people import Role
from server.notify.bell import Bell
from server.notify_config import NotifyConfig
from server.store.db import Database

logger = logging.getLogger(__name__)


async def open_bell(
    config: NotifyConfig,
    data_folder: Path,
    db: Database,
    stack: AsyncExitStack,
    *,
    address: str,
    page_of: Mapping[Role, str],
    online: Callable[[], frozenset[str]],
    now_ms: Callable[[], int],
) -> Bell | None:
    """None without a contact: push services want to know whom to turn to. ``stack`` closes it.

    Raises:
        ConfigError: the key can't be read, written or used.
    """
    if not config.contact:
        logger.info("web push is off: notify.contact is not set")
        return None
    from server.notify.push_service import PushServices
    from server.notify.vapid import open_key

    key = await asyncio.to_thread(open_key, data_folder, config.contact, config.vapid_key)
    # Made anew, not the library's, so that SSL_CERT_FILE can name the authority of a push service in the house.
    trusted = await asyncio.to_thread(ssl.create_default_context)
    services = PushServices(key, config.allow_hosts, ssl_context=trusted)
    stack.push_async_callback(services.close)
    return Bell(
        db,
        services,
        key=key.public,
        address=address,
        page_of=page_of,
        show_content=config.show_content,
        allow_hosts=config.allow_hosts,
        online=online,
        now_ms=now_ms,
    )
