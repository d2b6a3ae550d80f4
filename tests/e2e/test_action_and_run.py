"""The pages of an action and of a run at the widths of a desk, a phone and a magnified page."""

import pytest

from tests.e2e.conftest import CUT, PHONE

pytestmark = pytest.mark.whole_system

DESK = {"width": 1280, "height": 800}
NARROW = {"width": 320, "height": 640}
OPENED = "document.querySelectorAll('details').forEach(one => one.open = true)"


@pytest.fixture(scope="module")
def done(system):
    (run_id,) = system.run("ACT-2026-0012")
    return {"action": "/actions/ACT-2026-0012", "run": f"/runs/{run_id}"}


@pytest.mark.parametrize("which", ["action", "run"])
def test_no_table_is_cut_off_at_a_desk_and_no_page_at_any_width(person, done, which):
    page = person("officer-a", viewport=DESK)
    page.goto(done[which])
    page.evaluate(OPENED)
    assert page.locator("table").count() > 2
    assert page.evaluate(CUT) == []
    for size in (DESK, PHONE, NARROW):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_whether_an_action_is_ready_to_sign_is_in_the_first_screen(person, done):
    page = person("officer-a", viewport=DESK)
    page.goto(done["action"])
    box = page.locator(".sign-off").bounding_box()
    assert box["y"] + box["height"] <= DESK["height"]


def test_the_picture_of_a_run_begins_in_the_first_screen_and_the_page_is_short(person, done):
    page = person("officer-a", viewport=DESK)
    page.goto(done["run"])
    assert page.locator(".picture svg").first.bounding_box()["y"] < DESK["height"]
    assert page.evaluate("document.documentElement.scrollHeight") <= 5_500


def test_a_link_to_a_credential_opens_what_it_is_folded_in(person, done):
    page = person("officer-a", viewport=DESK)
    page.goto(done["run"])
    row = page.locator("tr[id^=credential-]").first
    assert not row.is_visible()
    page.locator("#step-5 summary").click()
    page.locator(f"#step-5 a[href='#{row.get_attribute('id')}']").first.click()
    row.wait_for(state="visible")
