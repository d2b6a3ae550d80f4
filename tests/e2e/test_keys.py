"""Keyboard shortcuts, the menu of a narrow screen, and pages without scripts, in a real browser with the real headers."""

import pytest

from tests.e2e.conftest import PHONE

SMALLEST = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def triaged(system):
    system.run(*(f"ACT-2026-{n:04}" for n in (2, 4, 7, 12)))


@pytest.fixture
def watched():
    """Notes what the browser complains about, such as what the content security policy forbade."""
    complaints: list[str] = []

    def watch(page):
        page.on(
            "console",
            lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield watch
    assert complaints == []


def place(page):
    """On which line of the list the focus is, if it is on the line's first link."""
    return page.evaluate(
        "[...document.querySelectorAll('[data-keys] > *')]"
        ".findIndex(line => line.querySelector('a[href]') === document.activeElement)"
    )


@pytest.mark.usefixtures("triaged")
def test_keys_walk_a_list_and_open_a_line(person, watched):
    page = watched(person("officer-a"))
    page.goto("/flags")
    for key, where in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        assert place(page) == where
    page.keyboard.press("o")
    page.wait_for_url("**/flags/*-*")


def test_keys_can_be_switched_off_for_good(person, watched):
    page = watched(person("officer-a"))
    page.goto("/runs")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.get_by_text("Use keyboard shortcuts in this browser").click()
    page.locator("#keys-close").click()
    page.reload()
    page.keyboard.press("?")
    assert not page.locator("#keys").is_visible()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    assert not page.get_by_label("Use keyboard shortcuts in this browser").is_checked()


@pytest.mark.usefixtures("triaged")
def test_keys_do_nothing_while_someone_types(person, watched):
    page = watched(person("officer-a"))
    page.goto("/flags")
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    page.locator("main > input").focus()
    page.keyboard.type("j?")
    assert page.locator("main > input").input_value() == "j?"
    assert not page.locator("#keys").is_visible()


def test_the_navigation_of_a_phone_with_and_without_scripts(person, watched):
    page = watched(person("officer-a", viewport=PHONE))
    page.goto("/flags")
    link = page.get_by_role("link", name="Runs", exact=True)
    if page.locator(".usa-menu-btn").is_visible():
        assert not link.is_visible()
        page.locator(".usa-menu-btn").click()
    link.click()
    page.wait_for_url("**/runs")
    plain = person("officer-a", viewport=PHONE, javascript=False)
    plain.goto("/flags")
    plain.get_by_role("link", name="Runs", exact=True).click()
    plain.wait_for_url("**/runs")


@pytest.mark.usefixtures("triaged")
def test_no_page_scrolls_sideways_on_the_smallest_screen(person, watched):
    page = watched(person("officer-a", viewport=SMALLEST))
    page.goto("/flags")
    flag = page.locator("[data-keys] a").first.get_attribute("href")
    page.goto("/runs")
    run = page.locator("[data-keys] a").first.get_attribute("href")
    for address in ("/flags", flag, "/runs", run, "/stack"):
        page.goto(address)
        assert page.evaluate("document.body.scrollWidth <= document.documentElement.clientWidth"), address
