"""The bell of a tablet. Pushes are handed to the worker by the browser's own tools: push services are far away."""

import asyncio
import json
import uuid
from contextlib import suppress
from typing import Any

import pytest
from playwright.async_api import CDPSession, expect

from tests.browser.conftest import Enter
from tests.browser.product import Product
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

A_SUBSCRIPTION = """
  // Stands for the push service, which headless browsers have none of.
  PushManager.prototype.subscribe = async function (options) {
    const keys = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
    const text = (bytes) =>
      btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const p256dh = text(await crypto.subtle.exportKey("raw", keys.publicKey));
    window.subscribedWith = options;
    return {
      options,
      toJSON: () => ({ endpoint: "https://push.example.com/1", keys: { p256dh, auth: text(new Uint8Array(16)) } }),
    };
  };
"""


async def the_worker(visitor: Visitor) -> tuple[CDPSession, str]:
    """Its browser's tools, and its registration, once it runs."""
    await visitor.context.grant_permissions(["notifications"])
    await visitor.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    # A page that hears nothing of the lane: what is reported, the worker reports.
    await visitor.page.route_web_socket("**/ws/events", lambda _socket: None)
    await visitor.page.reload()
    tools = await visitor.context.new_cdp_session(visitor.page)
    registered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def note(event: Any) -> None:
        for registration in event["registrations"]:
            if not registered.done() and not registration["isDeleted"]:
                registered.set_result(registration["registrationId"])

    tools.on("ServiceWorker.workerRegistrationUpdated", note)
    await tools.send("ServiceWorker.enable")
    async with asyncio.timeout(10):
        return tools, await registered


async def deliver(worker: tuple[CDPSession, str], product: Product, data: str) -> None:
    tools, registration = worker
    message = {"origin": product.address, "registrationId": registration, "data": data}
    await tools.send("ServiceWorker.deliverPushMessage", message)


async def shown(visitor: Visitor) -> list[dict[str, Any]]:
    """The notifications that are there, once there is one."""
    reading = visitor.page.evaluate(
        """async () => {
             const registration = await navigator.serviceWorker.getRegistration("/sw.js");
             let found = [];
             while (found.length === 0) {
               found = await registration.getNotifications();
               await new Promise((resolve) => setTimeout(resolve, 20));
             }
             return found.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
           }"""
    )
    async with asyncio.timeout(20):
        notifications: list[dict[str, Any]] = await reading
    return notifications


async def tap(visitor: Visitor) -> None:
    """On the one notification. A worker that sleeps by now does not answer: the next one is asked."""
    for _ in range(4):
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await visitor.context.service_workers[-1].evaluate(
                    """async () => {
                         const [notification] = await self.registration.getNotifications();
                         self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
                       }"""
                )
                return
        await visitor.page.evaluate("fetch('/tablet').then(() => undefined)")
    raise AssertionError("the worker does not answer")


async def test_a_push_is_shown_and_reported_though_no_page_follows_the_lane(enter: Enter, product: Product) -> None:
    officer = await enter("officer-7")
    worker = await the_worker(officer)
    push = await product.push("spare", "officer-7", str(uuid.uuid4()))
    data = {"item": "push", "item_id": push["id"], "revision": 1, "navigate": f"{product.address}/tablet"}
    notification = {"title": "Push", "body": "Number 3", "tag": f"push:{push['id']}", "data": data}
    assert await product.receipts_about(push["id"], "delivered") == 0
    async with asyncio.timeout(20):
        await deliver(worker, product, json.dumps({"web_push": 8030, "notification": notification}))
        assert await shown(officer) == [notification]
        while not await product.receipts_about(push["id"], "delivered"):
            pass


@pytest.mark.parametrize("data", ["", "nonsense", "{}", '{"notification": {"title": 7}}'])
async def test_what_cannot_be_read_is_shown_all_the_same(enter: Enter, product: Product, data: str) -> None:
    officer = await enter("officer-7")
    await deliver(await the_worker(officer), product, data)
    async with asyncio.timeout(20):
        assert [one["title"] for one in await shown(officer)] == ["Sightline"]


async def test_a_tap_is_told_to_the_tablet_that_is_open(enter: Enter, product: Product) -> None:
    officer = await enter("officer-7")
    worker = await the_worker(officer)
    await officer.page.evaluate(
        """() => {
             window.told = new Promise((resolve) =>
               navigator.serviceWorker.addEventListener("message", (event) => resolve(event.data)));
           }"""
    )
    data = {"item": "alert", "item_id": "a-1", "revision": 1, "navigate": f"{product.address}/tablet#alert=a-1"}
    await deliver(worker, product, json.dumps({"notification": {"title": "P1 alert", "data": data}}))
    await shown(officer)
    await tap(officer)
    async with asyncio.timeout(20):
        assert await officer.page.evaluate("window.told") == {"type": "bell", "item": "alert", "item_id": "a-1"}


async def test_a_bell_that_was_switched_on_is_kept_at_every_start(enter: Enter, product: Product) -> None:
    officer = await enter("officer-7")
    await officer.context.grant_permissions(["notifications"])
    await officer.context.add_init_script(A_SUBSCRIPTION)
    await officer.page.evaluate("localStorage.setItem('sightline.bell', '1')")
    for status in (201, 200):
        async with officer.page.expect_response("**/api/subscriptions") as answer:
            await officer.page.goto("/tablet")
        assert (await answer.value).status == status
    key = await officer.page.evaluate("fetch('/api/subscriptions/key').then((answer) => answer.json())")
    subscribed = await officer.page.evaluate(
        """() => ({ visible: window.subscribedWith.userVisibleOnly,
                    bytes: window.subscribedWith.applicationServerKey.length })"""
    )
    assert len(key["key"]) == 87
    assert subscribed == {"visible": True, "bytes": 65}


async def test_a_device_where_nobody_wants_a_bell_has_none(enter: Enter, product: Product) -> None:
    officer = await enter("officer-12")
    asked: list[str] = []
    officer.page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    await officer.page.goto("/tablet")
    await expect(officer.page.get_by_role("button", name="Sign out")).to_be_visible()
    await officer.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    assert not [request for request in asked if request.startswith("POST") and "/api/subscriptions" in request]


async def test_the_tablet_can_be_put_on_the_home_screen_as_an_app(enter: Enter, product: Product) -> None:
    officer = await enter("officer-12")
    tools = await officer.context.new_cdp_session(officer.page)
    found = await tools.send("Page.getAppManifest")
    assert found["errors"] == []
    manifest = json.loads(found["data"])
    assert (manifest["start_url"], manifest["display"]) == ("/tablet", "standalone")
