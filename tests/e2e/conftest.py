"""A real browser on the running system: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

#: Keeps Chromium from looking for anything outside: no test page needs more than loopback.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    "--no-first-run",
    "--no-sandbox",
)
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 375, "height": 740}
#: Tables that are wider than the frame around them.
CUT = """Array.from(document.querySelectorAll('.usa-table-container--scrollable'))
    .filter(frame => frame.scrollWidth > frame.clientWidth + 1).map(frame => frame.getAttribute('aria-label'))"""


def chromium_path() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on PATH: on Debian, `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def context_of(chromium, system) -> Iterator[Callable[..., BrowserContext]]:
    """Makes a browser of one person: own cookies, own window."""
    made: list[BrowserContext] = []

    def make(*, viewport: dict[str, int] = DESKTOP, javascript: bool = True, **options) -> BrowserContext:
        context = chromium.new_context(
            base_url=system.stack.endpoints["web"],
            viewport=viewport,
            java_script_enabled=javascript,
            locale="en-US",
            **options,
        )
        context.set_default_timeout(15_000)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def person(context_of) -> Callable[..., Page]:
    """A page on which a person has just signed in: `person("officer-a", viewport=PHONE)`."""

    def arrive(subject: str, **options) -> Page:
        page = context_of(**options).new_page()
        sign_in(page, subject)
        return page

    return arrive


def sign_in(page: Page, subject: str) -> None:
    """Through the provider's page, as a person would."""
    page.goto("/flags")
    page.get_by_role("button", name="Sign in").or_(page.get_by_role("link", name="Sign in")).first.click()
    page.locator(f"button[value='{subject}']").click()
    page.wait_for_url("**/flags*")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> Path:
    """Where pictures of the pages go: `make pictures` names the folder of those in the documentation."""
    named = os.environ.get("PICTURES")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
