"""The page of a run follows the run in a browser, without being loaded again."""

import os
import signal

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.whole_system


@pytest.fixture
def work_goes_on(system):
    """The worker stands still until this is called."""
    workers = [pid for name, pid in system.stack.processes.items() if name.startswith("worker")]

    def signalled(number):
        for pid in workers:
            os.killpg(pid, number)

    signalled(signal.SIGSTOP)
    yield lambda: signalled(signal.SIGCONT)
    signalled(signal.SIGCONT)


@pytest.fixture
def under_way(system, work_goes_on):
    """A run that has been requested."""
    (run_id,) = system.request(system.copy("ACT-2026-0012"))
    yield run_id
    work_goes_on()
    system.wait([run_id])


@pytest.mark.parametrize("streams", [True, False])
def test_a_run_is_followed_to_the_confirmation_of_its_ends(person, under_way, work_goes_on, streams):
    page = person("operator-a")
    if not streams:
        page.add_init_script("delete window.EventSource")
    page.goto(f"/runs/{under_way}")
    page.evaluate("window.loadedOnce = true")
    expect(page.locator("#follows")).to_contain_text("This page follows the run.")
    expect(page.locator(".step-place")).not_to_have_text("Step 7 of 7: Next run")
    work_goes_on()
    expect(page.locator("#live[data-events]")).to_have_count(0, timeout=60_000)
    expect(page.locator("#follows")).to_have_text("The run has ended, and every end is confirmed.")
    expect(page.locator(".step-place")).to_have_text("Step 7 of 7: Next run")
    expect(page.locator("#step-4")).to_contain_text("5 credentials")
    assert page.evaluate("window.loadedOnce")


def test_without_javascript_the_page_is_loaded_again_by_a_link(person, under_way):
    page = person("operator-a", javascript=False)
    page.goto(f"/runs/{under_way}")
    page.get_by_role("link", name="Refresh").click()
    expect(page.locator("#follows")).to_be_hidden()
    expect(page.locator("h1")).to_contain_text("Run of ACT-2026-0012")
