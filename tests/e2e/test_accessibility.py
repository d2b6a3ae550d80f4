"""WCAG 2.2 A and AA, as far as a program can check, on every linked page, wide and narrow."""

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.conftest import CUT, DESKTOP, PHONE

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
#: What stands in an address for one thing among many.
ONE_OF_MANY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|ACT-\d{4}-\d+|(?<=/vendors/)[A-Z0-9]{12}", re.IGNORECASE)
FILES = re.compile(r"\.(zip|pdf|csv|jsonl?)$|/events|/download")


def kind(address: str) -> str:
    """Of which kind a page is: what is asked of a list changes its lines, not how it is built."""
    return ONE_OF_MANY.sub("*", urlsplit(address).path)


def crawl(page, *starts: str) -> list[str]:
    """The starts, and one address for each other kind of page that links lead to."""
    own = urlsplit(page.url).netloc
    seen: set[str] = set()
    pages: list[str] = []
    waiting = list(starts)
    for address in waiting:
        known = address in pages or (kind(address) in seen and address not in starts)
        if known or FILES.search(urlsplit(address).path):
            continue
        seen.add(kind(address))
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
    # At its end, where a bar that stays in sight covers nothing.
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    found = [
        f"{violation['id']} at {'; '.join(str(node['target'][0]) for node in violation['nodes'][:3])}"
        for violation in Axe().run(page, options=RULES).response["violations"]
    ]
    # WCAG 1.4.10: 320 pixels wide, where tables may scroll inside their own frame. At a desk none has to.
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    if viewport == DESKTOP:
        found += [f"the table “{name}” is cut off" for name in page.evaluate(CUT)]
    for width in (viewport["width"], 320):
        page.set_viewport_size({"width": width, "height": 640})
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            found.append(f"{wide} pixels wide where {width} are to do")
    return [f"{address} at {viewport['width']}: {problem}" for problem in found]


@pytest.mark.parametrize(
    ("subject", "starts", "least"),
    [
        (
            "officer-a",
            (
                *("/", "/no-such-page", "/runs", "/runs?state=failed", "/flags?q=nothing+is+called+this"),
                "/flags?status=open&severity=blocking&system=sam-gov&action_type=new_award&sort=raised",
                "/flags?raised_from=2026-01-01&rule=R01&earlier=1&severity=unknown",
            ),
            14,
        ),
        (
            "operator-a",
            (
                *(
                    "/",
                    "/stack",
                    "/credentials?state=any",
                    "/audit",
                    "/audit?text=nothing&since=2026-03-02T10:00",
                ),
                *("/switches", "/switches/tool/ledger/off", "/exposure", "/tour"),
            ),
            1,
        ),
    ],
)
def test_no_page_breaks_an_accessibility_rule(person, worked, subject, starts, least):
    page = person(subject)
    # What an officer sees has been looked at; an operator's pages are those the others lead to.
    pages = crawl(page, *starts) if subject == "officer-a" else list(starts)
    assert len(pages) >= least, pages
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
