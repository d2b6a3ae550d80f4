"""The page of one item: what an officer sees at once, what is folded, and the picture of the lineage."""

from collections import Counter

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE

SCREEN = {"width": 1280, "height": 800}
SMALLEST = {"width": 320, "height": 640}
#: The hand-written actions come first, then generated ones with findings of other rules; so many are looked at.
ACTIONS = 16
#: Pixels from the top within which an officer sees what to do and can decide, and those of the page as it opens.
FIRST_SCREEN, WHOLE = 800, 2_500
#: Amounts, an exclusion, a check not performed, a date, a document, funds, a missing registration.
RULES = ("C02", "E01", "S01", "R01", "D01", "F01", "R02")
#: What must be seen at once.
PARTS = (
    *("h1", "#values", "#what-to-do", "#deciding-title"),
    *("form#decide fieldset", "form#decide button[type=submit]"),
)
NODES = ("value", "answer", "call", "credential", "policy", "identity", "run")


@pytest.fixture(scope="module")
def items(system):
    """One flag of each rule that the actions have something of, from runs of copies nobody has decided on."""
    copies = [system.copy(name) for name in system.actions[:ACTIONS]]
    runs = system.run(*copies, seconds=300)
    # Of the first action that has one: how long a page is depends on what differs.
    rows = system.rows(
        "SELECT DISTINCT ON (rule) rule, flag_id FROM flag WHERE run_id = ANY(%s)"
        " ORDER BY rule, array_position(%s, run_id), subject",
        *(list(runs), list(runs)),
    )
    return {row["rule"]: f"/flags/{row['flag_id']}" for row in rows}


def bottom(page, selector):
    """Where an element ends, in pixels from the top of the page."""
    box = page.locator(selector).first.bounding_box()
    return box["y"] + box["height"] + page.evaluate("scrollY")


def too_wide(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def test_every_rule_looked_for_has_an_item(items):
    assert set(RULES) <= set(items)


def test_what_to_do_and_the_decision_are_on_the_first_screen(person, items):
    page = person("officer-a", viewport=SCREEN)
    wrong = []
    for rule, address in items.items():
        page.goto(address)
        ends = {part: bottom(page, part) for part in PARTS}
        wrong += [f"{rule}: {part} ends at {end:.0f}" for part, end in ends.items() if end > FIRST_SCREEN]
        for field in page.locator("form#decide :is(input, textarea):visible").all():
            box = field.bounding_box()
            if box["y"] + box["height"] > FIRST_SCREEN:
                wrong.append(f"{rule}: {field.get_attribute('id')} ends at {box['y'] + box['height']:.0f}")
        if (height := page.evaluate("document.documentElement.scrollHeight")) > WHOLE:
            wrong.append(f"{rule}: {height} pixels high")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("viewport", [SCREEN, PHONE, SMALLEST], ids=lambda size: str(size["width"]))
def test_no_page_is_cut_or_scrolls_sideways(person, items, viewport):
    page = person("officer-a", viewport=viewport)
    for rule in RULES:
        page.goto(items[rule])
        assert too_wide(page) <= 0, rule
        page.evaluate("document.querySelectorAll('main details').forEach(part => { part.open = true; })")
        assert too_wide(page) <= 0, f"{rule}, unfolded"


def test_a_link_into_a_folded_part_opens_it(person, items):
    page = person("officer-a", viewport=SCREEN)
    page.goto(f"{items['C02']}#lineage")
    assert page.locator("#lineage").evaluate("part => part.open")
    assert not page.locator("#checks").evaluate("part => part.open")
    page.evaluate("location.hash = '#policy'")
    page.locator("#lineage-table[open]").wait_for()
    assert page.locator("#policy").is_visible()
    # The same link once more, after the reader has folded the part.
    page.evaluate("document.getElementById('lineage').open = false")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('afterbegin', '<a href=\"#policy\">To it</a>')"
    )
    page.get_by_role("link", name="To it").click()
    page.locator("#lineage[open]").wait_for()
    page.evaluate("location.hash = '#%'")  # an address of nothing breaks nothing
    assert page.locator("#lineage").evaluate("part => part.open")


def test_without_scripts_each_part_can_be_opened(person, items):
    page = person("officer-a", viewport=SCREEN, javascript=False)
    page.goto(f"{items['C02']}#history")
    page.locator("#history > summary").click()
    assert page.locator("#history .fold__body").is_visible()


def test_the_lineage_is_one_picture_with_its_table(person, items):
    page = person("officer-a", viewport=SCREEN)
    for rule in RULES:
        page.goto(f"{items[rule]}#lineage")
        drawn = Counter(
            page.locator("#lineage-picture [data-node]").evaluate_all(
                "all => all.map(one => one.dataset.node)"
            )
        )
        assert set(drawn) == set(NODES), rule
        assert (drawn["policy"], drawn["identity"], drawn["run"]) == (1, 1, 1), rule
        assert page.locator("#lineage svg").count() == 1
        page.locator("#lineage-table > summary").click()
        # The table has one line for each node.
        assert page.locator("#lineage-table tbody tr").count() == sum(drawn.values()), rule
        # No text leaves its box.
        outside = page.locator("#lineage-picture g").evaluate_all(
            """all => all.flatMap(g => {
                const box = g.querySelector("rect").getBBox();
                return [...g.querySelectorAll("text")].filter(t => {
                    const own = t.getBBox();
                    return own.x + own.width > box.x + box.width || own.y + own.height > box.y + box.height + 1;
                }).map(t => t.textContent);
            })"""
        )
        assert outside == [], rule


def test_the_picture_scrolls_in_its_own_box_on_a_phone(person, items):
    page = person("officer-a", viewport=PHONE)
    page.goto(f"{items['C02']}#lineage")
    box = page.locator("#lineage .picture")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert too_wide(page) <= 0


def test_print_shows_everything_unfolded(person, items):
    page = person("officer-a", viewport=SCREEN)
    page.goto(items["C02"])
    page.emulate_media(media="print")
    for part in ("#lineage-picture", "#lineage-table table", "#checks-passed li", "#action table"):
        assert page.locator(part).first.bounding_box()["height"] > 10, part
    assert not page.locator("form#decide").is_visible()


def test_the_value_is_marked_in_the_raw_answer(person, items):
    page = person("officer-a", viewport=SCREEN)
    page.goto(items["C02"])
    page.get_by_role("link", name="Raw answer").first.click()
    expect(page.locator("mark#found")).to_be_in_viewport()
    expect(page.locator("main")).to_contain_text("is found")


def test_a_match_reads_as_a_match(person, items):
    page = person("officer-a", viewport=SCREEN)
    page.goto(items["E01"])
    text = page.locator("main").inner_text()
    assert "Matches: same UEI" in text
    assert "differ" not in page.locator(".item__facts").inner_text().lower()
    assert page.locator("mark.same").count() >= 2
