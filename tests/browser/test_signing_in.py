"""Signing in and out, who may see which page, and the watch that all browser tests stand under."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Enter

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("person", ["operator", "dispatcher", "officer-12"])
async def test_everybody_gets_to_his_own_page_and_out_again(enter: Enter, person: str) -> None:
    visitor = await enter(person)
    await visitor.page.get_by_role("button", name="Sign out").click()
    await visitor.page.wait_for_url("**/sign-in")
    visitor.problems.clear()  # the browser tells of the 401 that comes next
    await visitor.page.goto("/console")
    await visitor.page.wait_for_url("**/sign-in")
    visitor.problems.clear()


async def test_an_officer_on_the_console_is_brought_to_his_tablet(enter: Enter) -> None:
    officer = await enter("officer-12")
    await officer.page.goto("/console")
    await officer.page.wait_for_url("**/tablet")


async def test_a_wrong_password_is_refused_in_words_and_too_many_with_the_time_to_wait(enter: Enter) -> None:
    visitor = await enter(None)
    said = visitor.page.get_by_role("alert")
    for _ in range(5):
        await visitor.sign_in("visitor", "wrong password")
        await expect(said).to_contain_text("do not fit together")
    await visitor.sign_in("visitor", "wrong password")
    await expect(said).to_contain_text("Too many wrong attempts")
    await expect(said).to_contain_text("Try again in")
    await expect(visitor.page.get_by_role("button", name="Sign in")).to_be_disabled()
    assert all("401" in problem or "429" in problem for problem in visitor.problems)
    visitor.problems.clear()


async def test_a_second_screen_of_the_same_device_takes_over_and_the_first_says_so(enter: Enter) -> None:
    operator = await enter("operator")
    second = await operator.context.new_page()
    await second.goto("/console")
    await expect(second.locator(".tile").first).to_be_visible()
    await expect(operator.page.get_by_role("status").first).to_contain_text("opened a second time")


async def test_the_watch_sees_what_a_page_must_not_do(enter: Enter) -> None:
    visitor = await enter("operator")
    await visitor.page.evaluate(
        """() => {
             const script = document.createElement("script");
             script.textContent = "window.isBroken = true";
             document.head.append(script);
             return fetch("http://example.org/").catch(() => undefined);
           }"""
    )
    assert not await visitor.page.evaluate("window.isBroken")
    assert any("policy violated: script-src" in problem for problem in visitor.problems)
    assert any("policy violated: connect-src" in problem for problem in visitor.problems)
    visitor.problems.clear()
