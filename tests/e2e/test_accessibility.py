"""WCAG 2.2 A and AA, as far as a program can tell, on every page a person can come to by links, wide and narrow."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.conftest import DESKTOP, PHONE

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
#: What stands in an address for one thing among many.
ONE_OF_MANY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|ACT-\d{4}-\d+|(?<=/vendors/)[A-Z0-9]{12}", re.IGNORECASE)
FILES = re.compile(r"\.(zip|pdf|csv|json)$|/events|/download")


def kinds(address: str) -> set[tuple[str, str]]:
    """Of which kinds a page is: its path, and its path with each thing asked for.

    Filters add up, so that pages of every *set* of them would be without end.
    """
    parts = urlsplit(address)
    path = ONE_OF_MANY.sub("*", parts.path)
    return {(path, asked) for asked in ("", *parse_qs(parts.query))}


def crawl(page, *starts: str) -> list[str]:
    """Addresses that links lead to: at least one for each kind of page."""
    own = urlsplit(page.url).netloc
    seen: set[tuple[str, str]] = set()
    pages: list[str] = []
    waiting = list(starts)
    while waiting:
        address = waiting.pop(0)
        if kinds(address) <= seen or FILES.search(urlsplit(address).path):
            continue
        seen |= kinds(address)
        pages.append(address)
        page.goto(address)
        links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
        for link in links:
            parts = urlsplit(link)
            if parts.netloc == own and "sign-out" not in parts.path:
                waiting.append(parts.path + ("?" + parts.query if parts.query else ""))
    return pages


@pytest.fixture(scope="module")
def worked(system):
    """Something of everything to look at."""
    system.run(*(f"ACT-2026-{n:04}" for n in (1, 2, 3, 7, 10, 12)))


def problems(page, address, viewport) -> list[str]:
    page.set_viewport_size(viewport)
    page.goto(address)
    found = [
        f"{violation['id']} at {'; '.join(str(node['target'][0]) for node in violation['nodes'][:3])}"
        for violation in Axe().run(page, options=RULES).response["violations"]
    ]
    # WCAG 1.4.10: 320 pixels wide, where tables may scroll inside their own frame.
    page.set_viewport_size({"width": 320, "height": 640})
    if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
        found.append(f"{width} pixels wide where 320 are to do")
    return [f"{address} at {viewport['width']}: {problem}" for problem in found]


@pytest.mark.parametrize(
    ("subject", "starts", "least"),
    [
        ("officer-a", ("/", "/flags", "/flags?q=nothing+is+called+this", "/no-such-page"), 8),
        ("operator-a", ("/", "/stack"), 1),
    ],
)
def test_no_page_breaks_a_rule_of_accessibility(person, worked, subject, starts, least):
    page = person(subject)
    # What an officer sees has been looked at; an operator's pages are those the others lead to.
    pages = crawl(page, *starts) if subject == "officer-a" else list(starts)
    assert len(pages) >= least
    found = [
        problem for address in pages for size in (DESKTOP, PHONE) for problem in problems(page, address, size)
    ]
    assert not found, "\n".join(found)


def test_pages_without_sign_in(context_of):
    page = context_of().new_page()
    found = []
    for address in ("/sign-in", "/signed-out", "/sign-in/start"):
        found += problems(page, address, PHONE)
    assert not found, "\n".join(found)
