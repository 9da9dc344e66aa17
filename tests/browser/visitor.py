"""Visitor: one person in a browser of his own, watched for everything that a page of ours must not do."""

import os
import re
import shutil
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebSocket

from tests.browser.product import PASSWORD

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    # What leaves this machine finds nobody, and is seen below.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_NO_LINK = re.compile(r"net::ERR_(INTERNET|CONNECTION)_|WebSocket connection to \S+ failed")
_TELL_OF_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`), true);
"""


def chromium() -> str:
    """The program in $CHROMIUM, else the first on PATH."""
    for name in (os.environ.get("CHROMIUM", ""), *CHROMIUM_NAMES):
        if name and (path := shutil.which(name)):
            return path
    raise AssertionError("the browser tests need a chromium on PATH, or its path in CHROMIUM")


@dataclass
class Visitor:
    """``page`` is where he is. ``problems`` are sentences; empty is good."""

    page: Page
    context: BrowserContext
    problems: list[str] = field(default_factory=list)
    expects_no_link: bool = False
    """While set, the browser's complaints about the missing network are no problem."""

    async def sign_in(self, person: str, password: str = PASSWORD) -> None:
        await self.page.goto("/sign-in")
        await self.page.get_by_label("Name").fill(person)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Sign in").click()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not (self.expects_no_link and _NO_LINK.search(message.text)):
            self.problems.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request | WebSocket) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob"} and address.hostname != "127.0.0.1":
            self.problems.append(f"left this machine: {request.url}")


async def visit(
    browser: Browser, address: str, *, width: int = 1920, height: int = 1080, color_scheme: str = "light"
) -> Visitor:
    """A new, empty browser profile on the product's address."""
    context = await browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        color_scheme="dark" if color_scheme == "dark" else "light",
    )
    context.set_default_timeout(20_000)
    await context.add_init_script(_TELL_OF_VIOLATIONS)
    page = await context.new_page()
    visitor = Visitor(page, context)
    page.on("console", visitor._console)
    page.on("pageerror", lambda error: visitor.problems.append(f"uncaught: {error}"))
    page.on("request", visitor._request)
    page.on("websocket", visitor._request)
    return visitor
