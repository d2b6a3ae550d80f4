"""An officer's day in a real browser, by mouse and by keyboard alone."""

from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect


@pytest.fixture
def flag(system):
    """A new flag on a registration, which one officer can settle. What is done would carry over to its action's next run."""
    (run,) = system.run(system.copy("ACT-2026-0012"))
    (row,) = system.rows("SELECT flag_id FROM flag WHERE run_id = %s AND rule = 'R01' AND current", run)
    return row["flag_id"]


def action_of(system, flag):
    (row,) = system.rows("SELECT action_id FROM flag WHERE flag_id = %s", flag)
    return row["action_id"]


def choose(page, decision):
    """The design system draws the round button beside the words; people click either."""
    page.locator("form#decide label").filter(has_text=decision).first.click()


def is_decision(answer):
    """The answer to the form itself: before it, the page sends what is typed as a draft."""
    return answer.request.method == "POST" and urlsplit(answer.url).path.endswith("/decision")


def history(system, flag):
    return system.rows("SELECT * FROM review_event WHERE flag_id = %s ORDER BY number", flag)


def test_a_day_by_mouse(system, person, flag, tmp_path):
    first, second, action = person("officer-a"), person("officer-b"), action_of(system, flag)
    # Find it: what blocks, of one rule, of this action.
    first.goto("/flags?status=open&severity=blocking&rule=R01")
    first.get_by_role("searchbox", name="Search").fill(action)
    first.get_by_role("button", name="Search").click()
    first.locator(f"a[href^='/flags/{flag}']").first.click()
    # Read it: both values, and where each came from.
    assert first.get_by_role("heading", level=1).inner_text() == "Registration not active"
    text = first.locator("main").inner_text()
    for words in ("2026-12-14", "SAM.gov", "What to do"):
        assert words in text
    first.locator("#lineage > summary").click()
    first.locator("#lineage-table > summary").click()
    text = first.locator("#lineage").inner_text()
    for words in ("SHA-256", "In the vault’s log", "triage-run"):
        assert words in text
    # The other officer has the same page open.
    second.goto(f"/flags/{flag}")
    choose(first, "Resolved by …")
    first.get_by_role("textbox", name="Your reason").fill(
        "The vendor renewed; pulled again on the day of signature."
    )
    first.get_by_label("Document, modification or determination").fill("SAMCHK of 14 December")
    first.get_by_role("button", name="Record this decision").click()
    expect(first.get_by_text("Recorded: resolved")).to_be_visible()
    assert [event["decision"] for event in history(system, flag)] == ["resolved"]
    # What was recorded is confirmed on the next page, with a way back.
    first.get_by_role("link", name="View or undo").click()
    first.wait_for_url(f"**/flags/{flag}*")
    assert "Contracting officer A" in first.locator("#deciding").inner_text()
    # Two officers: the second learns who was first, and keeps what was typed.
    choose(second, "Not a discrepancy")
    second.get_by_role("textbox", name="Your reason").fill("I read it otherwise.")
    with second.expect_response(is_decision) as answered:
        second.get_by_role("button", name="Record this decision").click()
    assert answered.value.status == 409
    expect(second.locator("#overtaken")).to_contain_text("Contracting officer A")
    assert any("I read it otherwise." in each.input_value() for each in second.locator("textarea").all())
    assert len(history(system, flag)) == 1
    # For the contract file.
    first.goto(f"/actions/{action}")
    with first.expect_download() as saved:
        first.get_by_role("link", name="Bundle (ZIP)").click()
    saved.value.save_as(tmp_path / "file.zip")
    assert {"manifest.json", "contract-file.pdf"} <= set(ZipFile(tmp_path / "file.zip").namelist())
    first.get_by_role("button", name="Sign out", exact=True).click()
    first.goto(f"/flags/{flag}")
    assert "/sign-in" in first.url


def tab_to(page, target):
    """As a person without a mouse reaches it."""
    for _ in range(150):
        if target.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not come to {target}")


def press(page, target, key="Enter"):
    tab_to(page, target)
    page.keyboard.press(key)


def test_a_day_by_keyboard_alone(system, context_of, person, flag, tmp_path):
    page, action = context_of().new_page(), action_of(system, flag)
    page.goto("/flags?status=open&rule=R01")
    press(
        page, page.get_by_role("button", name="Sign in").or_(page.get_by_role("link", name="Sign in")).first
    )
    press(page, page.locator("button[value='officer-a']"))
    page.wait_for_url("**/flags?status=open&rule=R01")
    # Find it.
    tab_to(page, page.get_by_role("searchbox", name="Search"))
    page.keyboard.type(action)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**q={action}*")
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url(f"**/flags/{flag}*")
    # Read it: what is folded up opens by keyboard, too.
    lineage = page.locator("main details").filter(has_text="vault").first
    if not lineage.evaluate("it => it.open"):
        press(page, lineage.locator("summary").first)
    assert lineage.evaluate("it => it.open")
    # The other officer is first.
    decide_first(person("officer-b"), flag)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("d")
    assert page.evaluate("!!document.activeElement.closest('form#decide')")
    # Within the form the keys write text and choose as everywhere.
    page.keyboard.press("Space")
    reason = page.get_by_role("textbox", name="Your reason")
    tab_to(page, reason)
    page.keyboard.type("Confirmed: the registration ends the day before.")
    with page.expect_response(is_decision) as answered:
        press(page, page.get_by_role("button", name="Record this decision"))
    assert answered.value.status == 409
    expect(page.locator("#overtaken")).to_contain_text("Contracting officer B")
    (event,) = history(system, flag)
    assert event["by"] == "officer-b"
    # What was typed is still there, and is recorded now.
    assert reason.input_value().startswith("Confirmed:")
    with page.expect_response(is_decision):
        press(page, page.get_by_role("button", name="Record this decision"))
    page.wait_for_load_state()
    press(page, page.get_by_role("link", name="View or undo"))
    page.wait_for_url(f"**/flags/{flag}*")
    event = history(system, flag)[-1]
    assert (event["by"], event["decision"], event["rationale"]) == (
        *("officer-a", "confirmed"),
        "Confirmed: the registration ends the day before.",
    )
    # For the contract file, and home.
    press(page, page.locator("main").get_by_role("link", name=action, exact=True).first)
    page.wait_for_url(f"**/actions/{action}*")
    with page.expect_download() as saved:
        press(page, page.get_by_role("link", name="Bundle (ZIP)"))
    saved.value.save_as(tmp_path / "file.zip")
    assert "manifest.json" in ZipFile(tmp_path / "file.zip").namelist()
    press(page, page.get_by_role("button", name="Sign out", exact=True))
    page.wait_for_url("**/signed-out*")


def decide_first(page, flag):
    page.goto(f"/flags/{flag}")
    choose(page, "Refer")
    page.get_by_label("Refer to").select_option("Suspending and Debarring Official")
    page.get_by_label("Due by").fill(page.get_by_label("Due by").get_attribute("max"))
    page.get_by_role("textbox", name="Your reason").fill("For the suspending official to look at.")
    with page.expect_response(is_decision):
        page.get_by_role("button", name="Record this decision").click()


def test_a_day_without_javascript(system, person, flag):
    page = person("officer-a", javascript=False)
    page.goto(f"/flags?status=open&rule=R01&q={action_of(system, flag)}")
    page.locator(f"a[href^='/flags/{flag}']").first.click()
    choose(page, "Confirmed")
    page.get_by_role("button", name="Record this decision").click()
    assert "reason" in page.locator(".usa-alert--error").first.inner_text().lower()
    assert not history(system, flag)
    page.get_by_role("textbox", name="Your reason").fill("The values differ.")
    page.get_by_role("button", name="Record this decision").click()
    assert [event["decision"] for event in history(system, flag)] == ["confirmed"]
