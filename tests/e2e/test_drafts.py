"""What an officer typed outlives a reload, a lost connection and a new sign-in, and is decided once, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import sign_in

WHY = "The vendor protests its size status."


@pytest.fixture
def flag(system):
    """A new flag of an action of its own, which one officer can settle."""
    (run,) = system.run(system.copy("ACT-2026-0012"))
    (row,) = system.rows("SELECT flag_id FROM flag WHERE run_id = %s AND rule = 'R01' AND current", run)
    return row["flag_id"]


def rows(system, flag):
    return system.rows("SELECT * FROM draft WHERE flag_id = %s", flag)


def refer(page):
    # The design system draws the round button beside the words; people click either.
    page.locator("form#decide label").filter(has_text="Another office must act").click()
    page.get_by_label("Refer to").select_option("Small Business Specialist")
    page.get_by_label("Due by").fill(page.get_by_label("Due by").get_attribute("max"))
    page.get_by_role("textbox", name="Your reason").fill(WHY)


def shown_again(page, flag):
    """Back to the flag from the next one, which follows a decision."""
    page.get_by_role("link", name="View or undo").click()
    page.wait_for_url(f"**/flags/{flag}*")


def test_a_draft_is_saved_while_typing_and_restored_after_a_reload(system, person, flag):
    page = person("officer-a")
    page.goto(f"/flags/{flag}")
    expect(page.get_by_label("Refer to")).to_be_hidden()
    refer(page)
    expect(page.locator("#draft-state")).to_contain_text("Draft saved at ")
    page.reload()
    expect(page.locator("#draft")).to_contain_text(" restored. Discard")
    expect(page.get_by_role("textbox", name="Your reason")).to_have_value(WHY)
    expect(page.get_by_label("Refer to")).to_have_value("Small Business Specialist")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("textbox", name="Your reason")).to_have_value("")
    assert rows(system, flag) == []


def test_what_was_typed_last_is_saved_on_leaving(system, person, flag, until):
    page = person("officer-a")
    page.goto(f"/flags/{flag}")
    page.locator("#commenting > summary").click()
    page.get_by_role("textbox", name="Your comment").fill("Called them.")
    page.get_by_role("link", name="Help", exact=True).first.click()
    page.wait_for_url("**/help")
    until(lambda: rows(system, flag), what="the draft")
    page.goto(f"/flags/{flag}")
    expect(page.get_by_role("textbox", name="Your comment")).to_have_value("Called them.")


def test_a_lost_connection_keeps_the_text_and_sending_again_decides_once(system, person, flag):
    page = person("officer-a")
    page.goto(f"/flags/{flag}")
    refer(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Record this decision").click()
    expect(page.locator("#draft-state")).to_contain_text("The application cannot be reached.")
    expect(page.get_by_role("textbox", name="Your reason")).to_have_value(WHY)
    page.context.set_offline(False)
    page.get_by_role("button", name="Record this decision").click()
    shown_again(page, flag)
    expect(page.locator("#referred")).to_contain_text("to Small Business Specialist, due in 90 days")
    assert len(system.rows("SELECT * FROM review_event WHERE flag_id = %s", flag)) == 1
    assert rows(system, flag) == []


def test_the_same_form_sent_from_two_tabs_is_recorded_once(system, person, flag):
    page = person("officer-a")
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"/flags/{flag}")
        refer(tab)
    for tab in (page, other):
        tab.get_by_role("button", name="Record this decision").click()
        shown_again(tab, flag)
        expect(tab.locator("#referred")).to_contain_text("to Small Business Specialist")
    assert len(system.rows("SELECT * FROM review_event WHERE flag_id = %s", flag)) == 1
    assert rows(system, flag) == []


def test_a_new_sign_in_finds_the_draft_and_signing_out_erases_it(system, person, flag):
    page = person("officer-a")
    page.goto(f"/flags/{flag}")
    page.get_by_role("textbox", name="Your reason").fill(WHY)
    expect(page.locator("#draft-state")).to_contain_text("Draft saved at ")
    # The session ends by itself.
    page.context.clear_cookies()
    page.get_by_role("textbox", name="Your reason").fill(f"{WHY} More.")
    page.get_by_role("button", name="Record this decision").click()
    expect(page.locator("#draft-state")).to_contain_text("Your session has ended.")
    expect(page.get_by_role("textbox", name="Your reason")).to_have_value(f"{WHY} More.")
    sign_in(page, "officer-a")
    page.goto(f"/flags/{flag}")
    expect(page.get_by_role("textbox", name="Your reason")).to_have_value(WHY)
    page.get_by_role("textbox", name="Your reason").fill(f"{WHY} Again.")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/signed-out*")
    assert rows(system, flag) == []


def test_a_form_works_without_javascript(system, person, flag):
    page = person("officer-a", javascript=False)
    page.goto(f"/flags/{flag}")
    refer(page)
    page.get_by_role("button", name="Record this decision").click()
    shown_again(page, flag)
    expect(page.locator("#referred")).to_contain_text("due in 90 days")
    assert rows(system, flag) == []
