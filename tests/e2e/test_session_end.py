"""A person is warned before being signed out, in time to react (WCAG 2.2, criterion 2.2.1)."""

import hashlib

import pytest

UNUSED_FOR = "UPDATE web_session SET seen_at = now() - %s::interval WHERE id_hash = %s"


@pytest.fixture
def unused(system):
    """Makes the session of a page one that was last used so long ago."""

    def since(page, interval):
        (cookie,) = [each for each in page.context.cookies() if each["name"] == "__Host-triage"]
        system.execute(UNUSED_FOR, interval, hashlib.sha256(cookie["value"].encode()).hexdigest())
        page.goto("/stack")  # which does not count as use

    return since


def test_a_warning_comes_two_minutes_before_and_one_button_extends_the_session(person, unused):
    page = person("officer-a")
    warning = page.get_by_role("dialog", name="Your session is about to end")
    assert not warning.is_visible()
    unused(page, "13 minutes 30 seconds")
    warning.wait_for()
    assert "less than two minutes" in warning.inner_text()
    warning.get_by_role("button", name="Stay signed in").click()
    warning.wait_for(state="hidden")
    assert page.evaluate("fetch('/session').then(answer => answer.json())")["seconds"] > 890
    assert page.url.endswith("/stack")


def test_a_warning_that_was_closed_does_not_come_again(person, unused):
    page = person("officer-a")
    unused(page, "13 minutes 30 seconds")
    warning = page.get_by_role("dialog", name="Your session is about to end")
    warning.get_by_role("button", name="Close this message").click()
    page.wait_for_timeout(1_000)
    assert not warning.is_visible()


def test_a_page_left_open_shows_nothing_after_the_end(person, unused):
    page = person("officer-a")
    unused(page, "14 minutes 58 seconds")
    page.wait_for_url("**/sign-in?next=/stack")


def test_without_scripts_the_page_says_when_and_its_form_extends_the_session(person, unused):
    page = person("officer-a", javascript=False)
    unused(page, "13 minutes 30 seconds")
    notice = page.get_by_role("region", name="Your session")
    before = notice.inner_text()
    notice.get_by_role("button", name="Stay signed in").click()
    assert page.url.endswith("/stack")
    assert notice.inner_text() != before


def test_signing_out_everywhere_ends_the_session_in_other_browsers(person):
    here, there = person("officer-b"), person("officer-b")
    here.get_by_role("button", name="Sign out everywhere").click()
    here.wait_for_url("**/signed-out")
    there.goto("/flags")
    assert "/sign-in" in there.url
