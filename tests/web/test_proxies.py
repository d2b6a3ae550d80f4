"""Behind reverse proxies: the headers of as many are believed as TRUSTED_PROXIES says, and nobody else's."""

from http import HTTPStatus
from urllib.parse import urlsplit

import httpx
import pytest

from app.web import create_app

TAKEN, HELD_BACK = HTTPStatus.FOUND, HTTPStatus.TOO_MANY_REQUESTS


@pytest.fixture
def application(system):
    """Makes applications that allow two sign-ins per minute from one address."""
    made = []

    def make(proxies):
        app = create_app(system.settings("web", sign_ins_per_minute=2, trusted_proxies=proxies))
        made.append(app)
        return app.test_client()

    yield make
    for app in made:
        app.extensions["triage.sources"].close()


@pytest.mark.parametrize(
    ("proxies", "addresses", "answers"),
    [
        (0, ["203.0.113.1", "203.0.113.2", "203.0.113.3"], [TAKEN, TAKEN, HELD_BACK]),
        (1, ["203.0.113.1", "203.0.113.2", "203.0.113.3"], [TAKEN, TAKEN, TAKEN]),
        (1, ["198.51.100.1, 203.0.113.9", "198.51.100.2, 203.0.113.9", "203.0.113.9"], [TAKEN, TAKEN, HELD_BACK]),
        (2, ["203.0.113.9, 192.0.2.1", "203.0.113.9, 192.0.2.2", "203.0.113.9, 192.0.2.1"], [TAKEN, TAKEN, HELD_BACK]),
    ],
    ids=["nobody is believed", "one proxy", "entries before the proxy's own", "two proxies"],
)  # fmt: skip
def test_sign_ins_are_counted_by_the_address_the_trusted_proxies_saw(
    application, proxies, addresses, answers
):
    client = application(proxies)
    sent = [client.get("/sign-in/start", headers={"X-Forwarded-For": each}) for each in addresses]
    assert [answer.status_code for answer in sent] == answers


def test_behind_a_proxy_people_are_sent_on_without_a_detour(system, application):
    """The host that browsers see comes from the proxy; without that this server would lead them there once more."""
    web = urlsplit(system.stack.endpoints["web"])
    headers = {"X-Forwarded-Host": web.netloc, "X-Forwarded-Proto": web.scheme}
    provider = system.stack.endpoints["identity-provider"]
    inside = "http://pages.internal:8000"
    behind = application(1).get("/sign-in/start", base_url=inside, headers=headers)
    assert behind.headers["Location"].startswith(provider)
    direct = application(0).get("/sign-in/start", base_url=inside, headers=headers)
    assert direct.headers["Location"].startswith(f"{system.stack.endpoints['web']}/sign-in/start")
    assert "moved=1" in direct.headers["Location"]


def test_the_server_itself_believes_no_header_about_the_scheme(system):
    """gunicorn would, coming from this machine: it answers 400 where two headers it believes disagree."""
    disagreeing = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "off"}
    answer = httpx.get(f"{system.stack.endpoints['web']}/healthz", headers=disagreeing, trust_env=False)
    assert answer.status_code == HTTPStatus.OK
