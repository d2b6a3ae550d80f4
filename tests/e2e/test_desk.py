"""The officer's desk, measured: flags above the fold, nothing cut off, searches, and a day of decisions by keyboard."""

import pytest
from playwright.sync_api import expect

from app.procurement.document_names import with_document_names
from tests.e2e.conftest import PHONE

SMALLEST = {"width": 320, "height": 640}
LAPTOP, MONITOR = {"width": 1280, "height": 800}, {"width": 1920, "height": 1080}
#: Where a page's own content starts at most, in pixels from the top of a laptop's screen.
CONTENT_STARTS = 130
DAY, KEYS_EACH = 40, 5
REASON = "The values differ."
#: Lines of the queue that are whole in sight: above the bar that stays at the bottom.
WHOLE = """() => {
  const end = Math.min(innerHeight, document.querySelector(".several__act").getBoundingClientRect().top);
  return [...document.querySelectorAll("[data-keys] > tr:not(.group)")].filter((row) => {
    const { top, bottom, height } = row.getBoundingClientRect();
    return height > 0 && top >= 0 && bottom <= end;
  }).length;
}"""
#: What reaches beyond the screen, but for what stands far to its left for screen readers alone, and what a cell shortens
#: whose title has the whole.
CUT = """() => {
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("main *")].filter((it) => {
    const { left, right, width } = it.getBoundingClientRect();
    const shortened = it.parentElement.closest("th[title], td[title]");
    return width > 1 && right > 0 && !shortened && (left < -1 || right > wide + 1) && getComputedStyle(it).clipPath === "none";
  });
  return out.map((it) => `${it.tagName}.${it.className}`).slice(0, 5);
}"""


@pytest.fixture(scope="module")
def copies(system):
    """More open flags than a day's decisions, on actions that nobody has worked on, and a search for them."""
    actions = [system.copy("ACT-2026-0012") for _ in range(8)]
    system.run(*actions)
    search = " or ".join(each.rsplit("-", 1)[1] for each in actions)
    count = system.rows("SELECT count(*) AS flags FROM flag WHERE action_id = ANY(%s) AND current", actions)
    assert count[0]["flags"] >= DAY
    return actions, search


def queue(search, **more):
    rest = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/flags?q={search.replace(' ', '+')}{rest}"


@pytest.mark.parametrize(("viewport", "least"), [(LAPTOP, 10), (MONITOR, 16)], ids=["laptop", "monitor"])
def test_most_of_the_screen_shows_flags(person, copies, viewport, least):
    page = person("officer-a", viewport=viewport)
    page.goto(queue(copies[1]))
    assert page.evaluate(WHOLE) >= least
    # Each in one line.
    heights = page.eval_on_selector_all(
        "[data-keys] > tr:not(.group)", "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert max(heights) <= 48
    page.goto(queue(copies[1], sort="action"))
    assert page.evaluate(WHOLE) >= least
    assert page.locator("tr.group").count() >= 2


@pytest.mark.parametrize("address", ["/", "/flags", "/actions", "/runs", "/stack", "/help", "{flag}"])
def test_content_starts_near_the_top(person, copies, address):
    page = person("officer-a", viewport=LAPTOP)
    page.goto(queue(copies[1]))
    flag = page.locator("[data-keys] > tr a").first.get_attribute("href")
    page.goto(address.format(flag=flag))
    top = page.evaluate("document.querySelector('main > *').getBoundingClientRect().top")
    assert top <= CONTENT_STARTS


@pytest.mark.parametrize("viewport", [LAPTOP, PHONE, SMALLEST], ids=["1280", "375", "320"])
def test_nothing_is_cut_off(person, copies, viewport):
    page = person("officer-a", viewport=viewport)
    for address in (queue(copies[1]), queue(copies[1], sort="action"), queue(copies[1], severity="blocking")):
        page.goto(address)
        page.locator(".queue-more > summary").click()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.evaluate(CUT) == []


def test_the_whole_finding_can_be_read_where_the_line_is_too_short(system, person, copies):
    page = person("officer-a", viewport=LAPTOP)
    page.goto(queue(copies[1]))
    rows = system.rows("SELECT rule, title, because FROM flag WHERE current")
    whole = {f"{row['rule']} {row['title']}: {with_document_names(row['because'])}" for row in rows}
    for cell in page.locator("[data-keys] .is-finding").all()[:5]:
        told = cell.get_attribute("title")
        assert told in whole


def test_the_bar_for_selected_flags_stays_in_sight(person, copies):
    for viewport in (LAPTOP, PHONE):
        page = person("officer-a", viewport=viewport)
        page.goto(queue(copies[1]))
        page.keyboard.press("j")
        page.keyboard.press("x")
        expect(page.locator("[data-selected-count]")).to_have_text("1 selected")
        bar = page.locator(".several__act")
        for place in ("0", "document.body.scrollHeight / 3", "0"):
            page.evaluate(f"scrollTo(0, {place})")
            expect(bar).to_be_in_viewport(ratio=0.95)


@pytest.mark.parametrize("text", ["0012", "1,184,000", "1184000", "eaboard mar", "{uei}", "-submarine 1,184"])
def test_a_search_finds_parts(system, person, copies, text):
    actions, _ = copies
    (row,) = system.rows("SELECT vendors FROM action WHERE action_id = %s", actions[0])
    page = person("officer-a", viewport=LAPTOP)
    marker = actions[0].rsplit("-", 1)[1]
    page.goto("/flags")
    page.get_by_role("searchbox", name="Search").fill(
        f"{marker} {text.format(uei=row['vendors'][0]['uei'][2:9])}"
    )
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    lines = page.locator("[data-keys] .is-action")
    assert lines.count() >= 3
    assert set(lines.all_inner_texts()) == {actions[0]}


class Keys:
    """A keyboard that counts."""

    def __init__(self, page) -> None:
        self.page, self.pressed = page, 0

    def press(self, *keys):
        for key in keys:
            self.pressed += len(key.split("+"))
            self.page.keyboard.press(key)


def test_a_day_of_decisions_by_keyboard_alone(system, person, copies):
    actions, search = copies
    page = person("officer-a", viewport=LAPTOP)
    page.goto(queue(search, status="open"))
    keys, seen = Keys(page), []
    keys.press("j", "o")
    for _ in range(DAY):
        page.wait_for_url("**/flags/*-*", wait_until="domcontentloaded")
        seen.append(page.url)
        keys.press("1")
        assert page.evaluate("document.activeElement.matches('form#decide textarea')")
        page.keyboard.type(REASON)
        with page.expect_navigation(wait_until="domcontentloaded"):
            keys.press("Control+Enter")
        expect(page.locator(".usa-alert--success")).to_contain_text("Recorded: confirmed")
    assert keys.pressed <= KEYS_EACH * DAY
    assert len(set(seen)) == DAY
    decided = system.rows(
        "SELECT e.by, e.rationale FROM review_event AS e JOIN flag USING (flag_id) WHERE action_id = ANY(%s)",
        actions,
    )
    assert [(each["by"], each["rationale"]) for each in decided] == [("officer-a", REASON)] * DAY


def test_the_next_item_and_back(person, copies):
    page = person("officer-b", viewport=LAPTOP)
    page.goto(queue(copies[1], status="any"))
    keys = Keys(page)
    keys.press("j", "o")
    page.wait_for_url("**/flags/*-*")
    first = page.url
    with page.expect_navigation():
        keys.press("n")
    assert page.url != first
    with page.expect_navigation():
        keys.press("p")
    assert page.url == first
    page.get_by_role("link", name="Back to the queue").click()
    page.wait_for_url("**/flags?q=*")
    assert "status=any" in page.url


def test_keys_do_nothing_in_a_field_or_when_switched_off(person, copies):
    page = person("officer-b", viewport=LAPTOP)
    page.goto(queue(copies[1], status="any", sort="raised"))
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url("**/flags/*-*")
    here = page.url
    page.keyboard.press("2")
    page.keyboard.type("n p 1 j x")
    assert page.locator("form#decide textarea").input_value() == "n p 1 j x"
    assert page.locator("form#decide input[type=radio]").nth(1).is_checked()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.get_by_text("Use keyboard shortcuts in this browser").click()
    page.locator("#keys-close").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    page.keyboard.press("1")
    assert page.url == here
    assert page.locator("form#decide input[type=radio]").nth(1).is_checked()
