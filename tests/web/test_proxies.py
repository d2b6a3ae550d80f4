"""Behind reverse proxies, forwarding headers are trusted for TRUSTED_PROXIES hops and no more."""

import re
from http import HTTPStatus
from threading import Thread
from urllib.parse import urlsplit

import httpx
import pytest
from werkzeug.serving import make_server

from app.web.application import create_app
from mocks.identity_provider import create_app as identity_provider

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
        app.extensions["triage.services"].close()


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


def test_the_server_ignores_headers_about_the_scheme(system):
    """gunicorn would, coming from this machine: it answers 400 where two headers it believes disagree."""
    disagreeing = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "off"}
    answer = httpx.get(f"{system.stack.endpoints['web']}/healthz", headers=disagreeing, trust_env=False)
    assert answer.status_code == HTTPStatus.OK


@pytest.fixture
def two_sided(system, monkeypatch):
    """An identity provider that names itself by an address where nothing answers: its issuer, and where it listens."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    issuer = "http://127.0.0.1:1/realm"
    provider = identity_provider({"OIDC_ISSUER": issuer, "OIDC_CLIENTS": str(system.stack.layout.clients)})
    server = make_server("127.0.0.1", 0, provider, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield issuer, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_server_reaches_the_provider_elsewhere_than_browsers_do(client_of, browser, two_sided):
    issuer, inside = two_sided
    client = client_of(persona=None, oidc_issuer=issuer, oidc_address=inside)
    sent_to = client.get("/sign-in/start").location
    assert sent_to.startswith(f"{issuer}/authorize?")
    back = browser.choose(inside + sent_to.removeprefix(issuer), "officer-b")
    assert client.get(back).status_code == HTTPStatus.FOUND
    page = client.get("/")
    assert "Contracting officer B" in page.text
    form = {"csrf_token": re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]}
    assert client.post("/sign-out", data=form).location.startswith(f"{issuer}/end-session?")


def test_without_that_address_the_provider_is_asked_where_tokens_say_it_is(client_of, two_sided):
    issuer, _ = two_sided
    answer = client_of(persona=None, oidc_issuer=issuer).get("/sign-in/start")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
