"""What scripts add to the queue: news without a reload, and selecting all rows at once."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def action(system):
    """An action that nobody has worked on."""
    return system.copy("ACT-2026-0012")


def listed(action):
    return f"/flags?status=open&q={action}"


def test_new_flags_are_announced_and_shown_on_request(system, person, action):
    system.run(action)
    page = person("officer-a")
    with page.expect_response("**/flags/events**"):
        page.goto(listed(action))
    before = page.locator("[data-keys] > tr").first.locator("a").first.get_attribute("href")
    system.run(action)
    news = page.locator("#news a")
    expect(news).to_have_text(re.compile(r"^\d+ new flags – show them$"), timeout=30_000)
    # The list does not change while it is in use.
    assert page.locator("[data-keys] > tr").first.locator("a").first.get_attribute("href") == before
    news.click()
    expect(page.locator("#news a")).to_be_hidden()
    assert page.locator("[data-keys] > tr").first.locator("a").first.get_attribute("href") != before


def test_all_lines_are_selected_and_assigned(system, person, action):
    (run,) = system.run(action)
    person("officer-b")  # the form offers only people who have signed in
    page = person("officer-a")
    page.goto(listed(action))
    page.get_by_role("button", name="Select all on this page").click()
    boxes = page.locator("input[name=flag]")
    assert all(box.is_checked() for box in boxes.all())
    page.get_by_role("button", name="Select none on this page").click()
    assert not any(box.is_checked() for box in boxes.all())
    page.get_by_role("button", name="Select all on this page").click()
    page.get_by_label("With the selected flags").select_option("assign")
    page.get_by_role("button", name="Preview").click()
    page.get_by_label("Assign to").select_option("officer-b")
    page.get_by_role("button", name="Apply to the chosen flags").click()
    expect(page.locator(".usa-alert--success")).to_contain_text("flags done")
    rows = system.rows("SELECT assignee FROM flag WHERE run_id = %s AND current", run)
    assert {row["assignee"] for row in rows} == {"officer-b"}
