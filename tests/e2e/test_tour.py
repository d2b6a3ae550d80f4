"""The presenter's ten minutes, in two browsers and without a terminal."""

import re

import pytest
from playwright.sync_api import expect

from tests.conftest import running_stack
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.test_accessibility import problems

PAGES = ("/tour", "/rehearsals", "/days", "/days/1", "/switches", "/exposure")


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """A stack as a demo starts it, with a presenter's process."""
    with running_stack(tmp_path_factory.mktemp("presented")) as running:
        yield running


@pytest.fixture
def all_on_again(system, person):
    """What a failed test may have left off."""
    yield
    last = system.rows(
        "SELECT DISTINCT ON (kind, target) * FROM switch_order WHERE kind IN ('agent', 'tool')"
        " ORDER BY kind, target, number DESC"
    )
    for each in last:
        if each["turn"] == "off":
            turn(person("operator-a"), f"{each['kind']}/{each['target']}", "on")


def turn(page, what, way):
    """Turn a switch on the page, and wait until it is confirmed."""
    page.goto("/switches")
    page.locator(f"a[href='/switches/{what}/{way}']").click()
    page.get_by_label("Reason").fill("A demonstration.")
    page.get_by_role("button", name=f"Switch {way}").click()
    expect(page.locator("main")).to_contain_text("Ordered.")
    for _ in range(40):
        newest = page.get_by_role("table", name="Orders").get_by_role("row").nth(1)
        if "not confirmed" not in newest.inner_text():
            return
        page.wait_for_timeout(250)
        page.reload()
    pytest.fail(f"{what} {way} is not confirmed")


def re_pull(page, action_id, *, name="Re-pull"):
    """Request a run on the page of its action; the page of the run."""
    page.goto(f"/actions/{action_id}")
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url("**/runs/*")


def ended(page):
    expect(page.locator("#follows")).to_have_text(
        "The run has ended, and every end is confirmed.", timeout=60_000
    )


@pytest.mark.usefixtures("all_on_again")
def test_a_presenter_shows_the_pattern(system, person):
    officer, operator = person("officer-a"), person("operator-a")
    action_id = system.copy("ACT-2026-0012")

    re_pull(officer, action_id, name="Re-pull slowly")
    expect(officer.locator("#step-4")).to_contain_text("5 credentials")
    expect(officer.locator("#step-5")).to_contain_text("so far in the systems’ own logs", timeout=10_000)
    ended(officer)
    expect(officer.locator("#step-5")).to_contain_text("11 calls, none failed")

    operator.goto("/tour")
    operator.get_by_role("link", name=re.compile("Go there.*Compare with static keys")).click()
    expect(operator.locator("main")).to_contain_text("The day, with static keys and without")
    operator.get_by_role("link", name=re.compile("Steal now")).click()
    expect(operator.locator("main")).to_contain_text("With static keys: 5 systems")

    operator.goto("/rehearsals")
    operator.get_by_role("button", name="Rehearse key after run").click()
    row = operator.get_by_role("row", name=re.compile("Key after run"))
    expect(row).to_contain_text("the API key is invalid, expired or revoked", timeout=90_000)
    expect(row).to_contain_text("Pass")
    row.get_by_text("Expected, and the vault’s own line").click()
    expect(row).to_contain_text("The vault refused read auth/token/lookup-self")

    turn(operator, "tool/contracts", "off")
    re_pull(officer, action_id)
    ended(officer)
    expect(officer.locator("#step-3")).to_contain_text("permission denied")
    run_id = officer.url.rpartition("/")[2]
    operator.goto("/switches")
    expect(operator.locator("main")).to_contain_text("The vault refused 1 credential")
    operator.goto(f"/audit?run={run_id}&kind=denied")
    expect(operator.locator("main")).to_contain_text("auth/token/create/contracts")
    operator.get_by_role("link", name=re.compile("Run of")).first.click()
    expect(operator).to_have_url(re.compile(run_id))

    turn(operator, "agent/agent", "off")
    re_pull(officer, action_id)
    expect(officer.locator("main")).to_contain_text("the agent was switched off by Security operator A")
    turn(operator, "agent/agent", "on")
    turn(operator, "tool/contracts", "on")
    ended(officer)

    operator.goto("/alarms")
    expect(operator.locator("main")).to_contain_text("the agent was switched off at")
    operator.goto("/days")
    operator.get_by_label("Runs").fill("4")
    operator.get_by_role("button", name="Start the day").click()
    operator.get_by_role("link", name="Day 1").click(timeout=90_000)
    for side in ("The vault issued", "Systems saw", "Recorded here"):
        expect(operator.get_by_role("row", name=re.compile(side))).to_contain_text("20")
    operator.goto("/reconciliation")
    # What the thief did with the stolen key.
    expect(operator.get_by_label("What is left over on one side")).to_contain_text("Use not recorded")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_presenters_pages_have_no_barrier_and_are_not_cut(person, viewport):
    page = person("operator-a")
    assert [problem for address in PAGES for problem in problems(page, address, viewport)] == []
    assert page.get_by_role("heading", level=1).inner_text().startswith("Exposure")


def test_a_day_is_started_without_javascript(person):
    page = person("operator-a", javascript=False)
    page.goto("/days")
    page.get_by_label("Runs").fill("1")
    page.get_by_role("button", name="Start the day").click()
    for _ in range(120):
        if page.get_by_role("link", name="Day 2").count():
            break
        page.wait_for_timeout(500)
        page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_role("row", name=re.compile("Day 2"))).to_contain_text("5")


def test_the_switches_work_on_a_phone_with_the_keyboard_and_without_javascript(person):
    page = person("operator-a", viewport={"width": 375, "height": 740}, javascript=False)
    page.goto("/switches/tool/ledger/off")
    page.get_by_label("Reason").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Enter a reason.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
