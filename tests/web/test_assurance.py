"""Settings can demand how people authenticate, and a response must say which provider it comes from."""

from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

from app.connections import settings as connections
from app.connections.secret_files import SettingsError
from app.settings import Settings
from app.web.sign_in.assurance import Assurance
from app.web.sign_in.provider import Provider

CARD, PASSWORD = {"method": "card"}, {"method": "password"}


@pytest.fixture
def arrive(browser):
    """Signs officer A in with a client by a method, and returns the last answer."""

    def signed_in(client, **chosen):
        return client.get(browser.choose(client.get("/sign-in/start").location, "officer-a", **chosen))

    return signed_in


@pytest.mark.parametrize(
    ("demanded", "chosen", "lacking"),
    [
        ({"oidc_required_acr": ["phr", "phrh"]}, CARD, None),
        ({"oidc_required_acr": ["phr", "phrh"]}, PASSWORD, "acr must be one of phr, phrh, and is not stated"),
        ({"oidc_required_acr": ["phr"]}, CARD, "acr must be phr, and is phrh"),
        ({"oidc_required_amr": ["sc", "pin"]}, CARD, None),
        ({"oidc_required_amr": ["sc", "pin"]}, PASSWORD, "amr must contain pin, sc, and lacks pin, sc"),
        ({"oidc_required_amr": ["face", "sc"]}, CARD, "amr must contain face, sc, and lacks face"),
        ({"oidc_required_acr": ["phrh"], "oidc_required_amr": ["hwk"]}, CARD, "lacks hwk"),
        ({}, PASSWORD, None),
    ],
)
def test_a_sign_in_must_be_as_strong_as_demanded(  # noqa: PLR0917  # fixtures and cases
    client_of, arrive, tokens_of, demanded, chosen, lacking
):
    client = client_of(persona=None, **demanded)
    answer = arrive(client, **chosen)
    bearer = {"Authorization": f"Bearer {tokens_of('officer-a', **chosen)['access_token']}"}
    program = client.get("/api/v1/me", headers=bearer)
    if lacking is None:
        assert (answer.status_code, program.status_code) == (302, 200)
    else:
        assert (answer.status_code, program.status_code) == (400, 401)
        assert "not strong enough for this application" in answer.text
        assert lacking in answer.text
        assert client.get("/flags").status_code == 302


def test_the_provider_is_asked_for_what_is_demanded(client_of):
    def asked(**demanded):
        address = client_of(persona=None, **demanded).get("/sign-in/start").location
        return parse_qs(urlsplit(address).query).get("acr_values")

    assert asked(oidc_required_acr=["phrh", "phr"]) == ["phrh phr"]
    assert asked() is None


@pytest.mark.parametrize(
    "claims",
    [
        *(
            {},
            {"acr": None},
            {"acr": ["phr"]},
            {"acr": ""},
            {"acr": "phr "},
            {"acr": "PHR"},
            {"acr": {"phr": 1}},
        ),
        *({"acr": "phr"}, {"acr": "phr", "amr": "sc"}, {"acr": "phr", "amr": {"sc": True}}),
        *({"acr": "phr", "amr": [["sc"]]}, {"acr": "phr", "amr": ["SC"]}, {"acr": "phr", "amr": None}),
    ],
)
def test_claims_of_any_other_form_do_not_suffice(claims):
    assert Assurance(acr=("phr",), amr=frozenset({"sc"})).lacking(claims)


def test_claims_that_suffice():
    demanded = Assurance(acr=("phr", "phrh"), amr=frozenset({"sc"}))
    assert demanded.lacking({"acr": "phrh", "amr": ["pin", "sc"]}) is None
    assert Assurance().lacking({}) is None


@pytest.mark.parametrize("value", ["phr", '[""]', '["a b"]', '["é"]', "[1]", '{"phr": 1}', "[null]"])
@pytest.mark.parametrize("name", ["OIDC_REQUIRED_ACR", "OIDC_REQUIRED_AMR"])
def test_a_demand_that_no_token_could_meet_stops_the_start(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        connections.load(Settings)


def response(address, *issuers):
    """The response of the provider, with these issuers in place of its own."""
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "iss"]
    return urlunsplit(parts._replace(query=urlencode([*query, *(("iss", issuer) for issuer in issuers)])))


OWN, OTHER = "own", "http://evil.example"


@pytest.fixture
def respond(system, client_of, browser, monkeypatch):
    """Answers a sign-in with these issuers, where the provider has announced one or not."""

    def answer(issuers, *, announced):
        if not announced:
            monkeypatch.setattr(Provider, "states_issuer", False)
        client = client_of(persona=None)
        back = browser.choose(client.get("/sign-in/start").location, "officer-a")
        own = system.stack.endpoints["identity-provider"]
        return client.get(response(back, *(own if issuer == OWN else issuer for issuer in issuers)))

    return answer


@pytest.mark.parametrize(
    ("announced", "issuers", "accepted"),
    [
        (True, (OWN,), True),
        (True, (), False),
        (True, ("",), False),
        (True, (OTHER,), False),
        (True, (OWN, OTHER), False),
        (True, (OTHER, OWN), False),
        (False, (), True),
        (False, (OWN,), True),
        (False, (OTHER,), False),
    ],
)
def test_a_response_names_its_issuer_where_the_provider_announces_it(respond, announced, issuers, accepted):
    """RFC 9207, section 2.4."""
    answer = respond(issuers, announced=announced)
    assert answer.status_code == (302 if accepted else 400)
    assert ("identity provider" in answer.text) != accepted


def test_an_announcement_is_the_word_true(system, client_of, monkeypatch):
    known = client_of(persona=None).application.extensions["triage.sign_in"].provider
    for value, announced in ((True, True), (False, False), ("true", False), (None, False), (1, False)):
        document = {"authorization_response_iss_parameter_supported": value}
        monkeypatch.setattr(known, "_known", lambda document=document: document)
        assert known.states_issuer is announced
