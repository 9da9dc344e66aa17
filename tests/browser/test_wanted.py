"""Wanted-person bulletins: no field, no send; and when one has ended it is nowhere."""

import base64
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy
import pytest
from playwright.async_api import Page, expect

from tests.browser import device_store
from tests.browser.conftest import Enter
from tests.browser.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FIELDS = {
    "Who": "unknown",
    "Why": "Robbery on Main St",
    "Caution": "None known",
    "Legal basis": "Warrant 26-1234",
    "Issued by": "Detectives",
    "To verify before a stop": "Tattoo on the left hand",
}


@dataclass(frozen=True, slots=True)
class Picture:
    file: Path
    base64: str


@pytest.fixture
def photo(tmp_path: Path) -> Picture:
    file = _noise(tmp_path / "photo.png")
    return Picture(file, base64.b64encode(file.read_bytes()).decode())


def _noise(file: Path) -> Path:
    """A picture that no other test has sent."""
    noise = numpy.random.default_rng(uuid.uuid4().int).integers(0, 255, (30, 24, 3), dtype=numpy.uint8)
    cv2.imwrite(str(file), cv2.resize(noise, (480, 600), interpolation=cv2.INTER_CUBIC))
    return file


async def _fill(page: Page, photo: Picture, **fields: str) -> None:
    await page.get_by_role("button", name=re.compile("^Wanted")).click()
    await page.get_by_text("New wanted-person bulletin").click()
    for label, words in {**FIELDS, **fields}.items():
        await page.get_by_label(label, exact=True).fill(words)
    await page.get_by_label("Photos").set_input_files(photo.file)
    await page.get_by_label("Source").fill("Shop camera")
    await page.get_by_label("Taken on").fill("2026-11-18")


async def test_a_bulletin_reaches_officers_with_its_photo_and_vanishes_when_it_is_cancelled(
    enter: Enter, product: Product, photo: Picture
) -> None:
    operator, officer = await enter("operator"), await enter("officer-12", width=800, height=1280)
    why = f"Robbery {uuid.uuid4().hex[:6]}"
    await _fill(operator.page, photo, Why=why)
    await operator.page.get_by_role("button", name="SEND to everybody").click()

    card = officer.page.locator("article[data-bulletin]", has_text=why)
    await expect(card).to_contain_text("Lead only — verify before acting.")
    await expect(card.locator("img").first).to_be_visible()
    await card.get_by_role("button", name="Enlarge").click()
    whole = officer.page.locator("dialog[open] img")
    await expect(whole).to_have_js_property("naturalWidth", 480)
    address = await whole.get_attribute("src")
    await officer.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    await card.get_by_role("button", name="SEEN").click()
    await expect(card).to_contain_text("✓ Seen")

    listed = operator.page.locator("article[data-bulletin]", has_text=why)
    await listed.get_by_label("Words").fill("Found")
    await listed.get_by_role("button", name="Cancel").click()
    await expect(card).to_have_count(0)
    await expect(listed).to_have_count(0)
    status = await officer.page.evaluate("(address) => fetch(address).then((answer) => answer.status)", address)
    assert status == 404
    officer.problems = [problem for problem in officer.problems if "404" not in problem]  # the one just asked for
    await device_store.until(officer.page, why, kept=False)


async def test_without_a_field_or_a_photo_it_cannot_be_sent(enter: Enter, photo: Picture) -> None:
    operator = await enter("operator")
    await _fill(operator.page, photo)
    send = operator.page.get_by_role("button", name="SEND to everybody")
    await expect(send).to_be_enabled()
    for label, words in FIELDS.items():
        await operator.page.get_by_label(label, exact=True).fill(" ")
        await expect(send).to_be_disabled()
        await expect(operator.page.locator("form")).to_contain_text(f"Still missing: {label}")
        await operator.page.get_by_label(label, exact=True).fill(words)
    await operator.page.get_by_label("Source").fill("")
    await expect(operator.page.locator("form")).to_contain_text("source and date of each photo")


async def test_a_fifth_photo_is_refused_in_words_and_not_left_out_silently(enter: Enter, photo: Picture) -> None:
    operator = await enter("operator")
    await _fill(operator.page, photo)
    form = operator.page.locator("form")
    others = [_noise(photo.file.parent / f"other {number}.png") for number in range(2, 6)]
    await form.get_by_label("Photos").set_input_files(others)
    await expect(form.get_by_role("status")).to_have_text("other 5.png was not taken: at most 4 pictures fit.")
    await expect(form.locator("img")).to_have_count(4)
    await expect(form.get_by_label("Photos")).to_have_value("")
    await form.get_by_role("button", name="Take off").first.click()
    await form.get_by_label("Photos").set_input_files(others[-1])
    await expect(form.locator("img")).to_have_count(4)
    await expect(form.get_by_role("status")).to_have_text("Still missing: source and date of each photo.")


async def test_a_bulletin_is_renewed_for_three_days(enter: Enter, photo: Picture) -> None:
    operator = await enter("operator")
    bulletin = await _send(operator.page, photo, f"Renewed {uuid.uuid4().hex[:6]}", lives_s=600)
    await operator.page.get_by_role("button", name=re.compile("^Wanted")).click()
    listed = operator.page.locator(f'article[data-bulletin="{bulletin["id"]}"]')
    before = await listed.get_by_text("expires").inner_text()
    await listed.get_by_role("button", name="Renew for 72 h").click()
    await expect(listed.get_by_role("status").last).to_have_text("Done.")
    await expect(listed.get_by_text("expires")).not_to_have_text(before)


async def test_a_bulletin_expires_on_a_device_without_a_link(enter: Enter, product: Product, photo: Picture) -> None:
    operator, officer = await enter("operator"), await enter("officer-7", width=800, height=1280)
    why = f"Short {uuid.uuid4().hex[:6]}"
    await officer.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    bulletin = await _send(operator.page, photo, why, lives_s=6)
    card = officer.page.locator(f'article[data-bulletin="{bulletin["id"]}"]')
    await expect(card).to_be_visible()
    officer.expects_no_link = True
    await officer.context.set_offline(True)
    await expect(card).to_have_count(0, timeout=20_000)
    await device_store.until(officer.page, why, kept=False)
    await officer.page.reload()
    await expect(officer.page.get_by_role("status").first).to_contain_text("No link to the server")
    await expect(card).to_have_count(0)


async def test_a_push_goes_to_everybody_near_a_place_and_says_how_many_that_are(enter: Enter, product: Product) -> None:
    post = product.post("steady")
    officer = await enter("officer-12", width=800, height=1280)
    await officer.context.grant_permissions(["geolocation"])
    await officer.context.set_geolocation({"latitude": post.lat + 0.001, "longitude": post.lon, "accuracy": 8})
    await officer.page.get_by_role("heading", name="Sightline").click()
    operator = await enter("operator")
    alert = await product.raise_alert(
        identifier=f"test-{uuid.uuid4()}",
        event="Shots",
        area={"point": {"lat": post.lat, "lon": post.lon}, "radius_m": 25},
    )
    await operator.page.locator(f'ol [data-alert="{alert["id"]}"]').click()
    form = operator.page.locator("form").first
    near = form.get_by_label("Everybody near the place")
    await near.select_option("everybody within 800 m")
    await expect(form.locator(".preview")).to_contain_text("Reaches 1 person")
    note = f"Near {uuid.uuid4().hex[:6]}"
    await form.get_by_label("Note").fill(note)
    await form.get_by_role("button", name=re.compile(r"^SEND .* to 1$")).click()
    await expect(officer.page.locator("article", has_text=note)).to_be_visible()


async def _send(page: Page, photo: Picture, why: str, *, lives_s: int) -> dict[str, Any]:
    """A bulletin with a short life, as a script of the operator would send it."""
    script = """async ([picture, why, livesMs]) => {
      const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
      const { media } = await (await fetch("/api/media", { method: "POST", body: bytes })).json();
      const bulletin = {
        id: crypto.randomUUID(), name: "unknown", why, caution: "None known", legal_basis: "Warrant", issuer: "Desk",
        verify: "Tattoo", photos: [{ id: media.id, source: "Shop", taken: "2026-11-18" }],
        expires_ms: Date.now() + livesMs,
      };
      const answer = await fetch("/api/bulletins", {
        method: "POST", body: JSON.stringify(bulletin), headers: { "Content-Type": "application/json" },
      });
      return (await answer.json()).bulletin;
    }"""
    sent: dict[str, Any] = await page.evaluate(script, [photo.base64, why, lives_s * 1000])
    assert sent, "the bulletin was not sent"
    return sent
