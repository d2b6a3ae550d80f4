"""Sign-in while the identity provider, or what stands in front of it, misbehaves.

The fault is met by one of the three calls of a sign-in: discovery, token, or keys.
"""

import time
from urllib.parse import urlsplit

import pytest

from app.web.sign_in.provider_calls import LONGEST_CALL
from benchmarks.http_faults import HttpFaults
from benchmarks.wrong_answers import ANSWERS

#: Nothing that answers over HTTP, in the time of one call.
SILENT = (
    "refuse",
    "reset",
    "hang",
    "hang after headers",
    "trickle headers",
    "trickle body",
    "lost",
    "tls",
    "garbage",
)
WRONG = ("truncate", "bomb", *(name for name in ANSWERS if name != "garbage"))
ERRORS = dict.fromkeys(SILENT, "provider-down") | dict.fromkeys(WRONG, "provider-wrong")
#: Seconds that a loaded machine may add to the calls of one page.
SLACK = 10.0


@pytest.fixture(scope="module")
def proxy(system):
    with HttpFaults(urlsplit(system.stack.endpoints["identity-provider"]).port) as proxy:
        yield proxy


@pytest.fixture
def visitor(client_of, proxy):
    """A client without a session, of an application that has not asked the provider yet."""
    yield client_of(persona=None, oidc_address=proxy.address)
    proxy.heal()


@pytest.fixture
def failing(read):
    """Gets a page that a fault of the provider must fail, in words and in time."""

    def error(client, address):
        began = time.monotonic()
        page = read(client, address, status=503)
        assert time.monotonic() - began < 2 * LONGEST_CALL + SLACK
        assert "you can keep working" in page.text
        return page.error

    return error


@pytest.mark.parametrize("fault", ERRORS)
def test_no_sign_in_begins_without_discovery(visitor, proxy, failing, fault):
    proxy.inflict(fault)
    assert failing(visitor, "/sign-in/start") == ERRORS[fault]
    assert failing(visitor, "/sign-in/start") == ERRORS[fault]


@pytest.mark.parametrize("fault", ERRORS)
def test_a_code_that_cannot_be_exchanged_signs_nobody_in(visitor, proxy, browser, failing, fault):
    back = browser.choose(visitor.get("/sign-in/start").location, "officer-a")
    proxy.inflict(fault, only="/token")
    assert failing(visitor, back) == ERRORS[fault]
    proxy.heal()
    assert visitor.get("/flags").status_code == 302
    again = browser.choose(visitor.get("/sign-in/start").location, "officer-a")
    assert visitor.get(again).status_code == 302
    assert visitor.get("/flags").status_code == 200


@pytest.mark.parametrize("fault", ["hang", "trickle body", "html", "307", "500", "too large", "{}", "null"])
def test_a_token_that_cannot_be_verified_signs_nobody_in(visitor, proxy, browser, failing, fault):
    back = browser.choose(visitor.get("/sign-in/start").location, "officer-a")
    proxy.inflict(fault, only="/keys")
    assert failing(visitor, back) == ERRORS[fault]
    assert visitor.get("/flags").status_code == 302


@pytest.mark.parametrize("fault", ["refuse", "hang", "html"])
def test_sessions_go_on_and_sign_in_works_soon_after_the_fault(client_of, proxy, failing, fault):
    working = client_of(oidc_address=proxy.address)
    proxy.inflict(fault)
    assert failing(working, "/sign-in/start") == ERRORS[fault]
    assert working.get("/flags").status_code == 200
    proxy.heal()
    healed = time.monotonic()
    while working.get("/sign-in/start").status_code != 302:
        assert time.monotonic() - healed < 10
        time.sleep(0.1)
