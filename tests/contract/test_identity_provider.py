"""The demo's identity provider refuses what a real one refuses."""

import json
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from mocks.configuration import ConfigurationError
from mocks.identity_provider import codes, create_app, grants
from mocks.identity_provider.personas import PERSONAS

ISSUER = "http://issuer.example"
BACK = "http://pages.example/sign-in/callback"
VERIFIER = "v" * 64
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "response_type": "code",
    "client_id": "triage-web",
    "redirect_uri": BACK,
    "scope": "openid profile",
    "state": "the state",
    "nonce": "the nonce",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
EXCHANGE = {
    "grant_type": "authorization_code",
    "client_id": "triage-web",
    "redirect_uri": BACK,
    "code_verifier": VERIFIER,
}


@pytest.fixture
def provider(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    file = tmp_path / "clients.json"
    known = {"redirect_uris": [BACK], "post_logout_redirect_uris": ["http://pages.example/signed-out"]}
    other = {"client_id": "another", "redirect_uris": ["http://another.example/"]}
    file.write_text(json.dumps([{"client_id": "triage-web", **known}, other]))
    return create_app({"OIDC_ISSUER": ISSUER, "OIDC_CLIENTS": str(file)}).test_client()


def asked(**changed):
    return {name: value for name, value in {**ASKED, **changed}.items() if value is not None}


def choose(provider, persona="officer-a", method="", **changed):
    """The query of the address that the browser is sent back to."""
    told = {"persona": persona, "method": method}
    answer = provider.post("/authorize", query_string=asked(**changed), data=told)
    assert answer.status_code == 302
    return dict(parse_qsl(urlsplit(answer.location).query))


def exchange(provider, issued, **changed):
    told = {**EXCHANGE, "code": issued, **changed}
    return provider.post("/token", data={name: value for name, value in told.items() if value is not None})


def test_the_discovery_document_lists_what_is_served(provider):
    known = provider.get("/.well-known/openid-configuration").json
    assert known["issuer"] == ISSUER
    assert known["code_challenge_methods_supported"] == ["S256"]
    assert known["token_endpoint_auth_methods_supported"] == ["none"]
    for name in ("jwks_uri", "end_session_endpoint"):
        assert provider.get(known[name].removeprefix(ISSUER)).status_code == 200
    assert set(provider.get("/keys").json["keys"][0]) == {"kty", "crv", "x", "y", "use", "alg", "kid"}


def test_the_page_offers_every_persona_and_lets_no_script_in(provider):
    page = provider.get("/authorize", query_string=asked())
    for persona in PERSONAS.values():
        assert f'value="{persona.subject}"' in page.text
        assert persona.name in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'self' http://pages.example;" in policy


def test_parameters_shown_on_the_page_are_escaped(provider):
    page = provider.get("/authorize", query_string=asked(state='"><script>x()</script>'))
    assert "<script" not in page.text


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": BACK + "?a=b"},
        {"redirect_uri": BACK.replace("http:", "https:")},
        {"redirect_uri": "http://another.example/"},
        {"redirect_uri": "http://pages.example.evil.example/sign-in/callback"},
        {"redirect_uri": None},
    ],
)
def test_a_client_with_another_registration_is_not_redirected(provider, changed):
    for answer in (
        provider.get("/authorize", query_string=asked(**changed)),
        provider.post("/authorize", query_string=asked(**changed), data={"persona": "officer-a"}),
    ):
        assert answer.status_code == 400
        assert "Location" not in answer.headers
        assert "cannot begin" in answer.text


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"nonce": None},
        {"response_type": "token"},
        {"prompt": "none"},
    ],
)
def test_a_request_that_would_be_unsafe_goes_back_as_an_error(provider, changed):
    answer = provider.get("/authorize", query_string=asked(**changed))
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.location).query)
    assert "error" in query
    assert "code" not in query
    assert query["state"] == ["the state"]


def test_both_tokens_name_the_chosen_persona(provider):
    back = choose(provider, "auditor-a")
    assert (back["state"], back["iss"]) == ("the state", ISSUER)
    answer = exchange(provider, back["code"])
    assert answer.headers["Cache-Control"] == "no-store"
    keys = KeySet.import_key_set(provider.get("/keys").json)
    identity = jwt.decode(answer.json["id_token"], keys, algorithms=["ES256"])
    assert {name: identity.claims[name] for name in ("iss", "aud", "sub", "nonce", "roles")} == {
        "iss": ISSUER,
        "aud": "triage-web",
        "sub": "auditor-a",
        "nonce": "the nonce",
        "roles": ["auditor"],
    }
    access = jwt.decode(answer.json["access_token"], keys, algorithms=["ES256"])
    assert access.header["typ"] == "at+jwt"
    assert (access.claims["aud"], access.claims["roles"]) == ("triage-api", ["auditor"])
    assert access.claims["exp"] - time.time() <= 900
    told = provider.get("/userinfo", headers={"Authorization": f"Bearer {answer.json['access_token']}"})
    assert told.json["sub"] == "auditor-a"
    assert "refresh_token" not in answer.json


@pytest.mark.parametrize(
    ("method", "stated"),
    [
        ("", {"acr": "phrh", "amr": ["sc", "pin", "mfa"]}),
        ("card", {"acr": "phrh", "amr": ["sc", "pin", "mfa"]}),
        ("password", {"amr": ["pwd"]}),
        ("made up", {"acr": "phrh", "amr": ["sc", "pin", "mfa"]}),
    ],
)
def test_both_tokens_state_the_chosen_method(provider, method, stated):
    answer = exchange(provider, choose(provider, method=method)["code"])
    keys = KeySet.import_key_set(provider.get("/keys").json)
    for name in ("id_token", "access_token"):
        claims = jwt.decode(answer.json[name], keys, algorithms=["ES256"]).claims
        assert {claim: claims[claim] for claim in ("acr", "amr") if claim in claims} == stated


@pytest.mark.parametrize("changed", [{}, {"prompt": "login", "max_age": "0"}])
def test_every_sign_in_asks_anew_and_the_token_says_when(provider, monkeypatch, changed):
    assert PERSONAS["officer-a"].name in provider.get("/authorize", query_string=asked(**changed)).text
    chosen = int(time.time()) - 30
    with monkeypatch.context() as then:
        then.setattr(grants.time, "time", lambda: chosen)
        code = choose(provider, **changed)["code"]
    keys = KeySet.import_key_set(provider.get("/keys").json)
    told = jwt.decode(exchange(provider, code).json["id_token"], keys, algorithms=["ES256"]).claims
    assert told["auth_time"] == chosen
    assert told["iat"] >= chosen + 30


def test_a_code_is_good_once(provider):
    code = choose(provider)["code"]
    assert exchange(provider, code).status_code == 200
    assert exchange(provider, code).json["error"] == "invalid_grant"


def test_a_code_is_used_up_by_a_wrong_try(provider):
    code = choose(provider)["code"]
    assert exchange(provider, code, code_verifier="w" * 64).json["error"] == "invalid_grant"
    assert exchange(provider, code).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": None},
        {"code_verifier": CHALLENGE},
        {"redirect_uri": "http://another.example/"},
        {"redirect_uri": None},
        {"client_id": "another"},
        {"client_id": None},
        {"grant_type": "client_credentials"},
        {"grant_type": "refresh_token", "refresh_token": "a"},
        {"code": "made-up"},
    ],
)
def test_a_code_is_good_only_for_the_client_that_requested_it(provider, changed):
    answer = exchange(provider, choose(provider)["code"], **changed)
    assert answer.status_code in {400, 401}
    assert "access_token" not in answer.json


def test_a_code_is_good_for_a_minute(provider, monkeypatch):
    code = choose(provider)["code"]
    later = time.monotonic() + codes.LIFETIME
    monkeypatch.setattr(codes.time, "monotonic", lambda: later)
    assert exchange(provider, code).json["error"] == "invalid_grant"


@pytest.mark.parametrize("persona", ["", "nobody"])
def test_without_a_choice_the_browser_goes_back_without_a_code(provider, persona):
    back = choose(provider, persona)
    assert back["error"] == "access_denied"
    assert "code" not in back


@pytest.mark.parametrize("told", ["", "Bearer", "Bearer a.b.c", "Basic a"])
def test_user_info_is_for_the_bearer_of_a_token(provider, told):
    assert provider.get("/userinfo", headers={"Authorization": told}).status_code == 401


def test_an_id_token_is_no_access_token(provider):
    tokens = exchange(provider, choose(provider)["code"]).json
    answer = provider.get("/userinfo", headers={"Authorization": f"Bearer {tokens['id_token']}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("back_to", "sent"), [("http://pages.example/signed-out", True), ("http://evil.example/", False)]
)
def test_signing_out_leads_back_to_a_registered_address_only(provider, back_to, sent):
    asked = {"client_id": "triage-web", "logout_hint": "officer-a", "post_logout_redirect_uri": back_to}
    answer = provider.get("/end-session", query_string=asked)
    if sent:
        assert (answer.status_code, answer.location) == (302, back_to)
    else:
        assert answer.status_code == 200
        assert "You are signed out" in answer.text


def test_a_missing_setting_is_named():
    with pytest.raises(ConfigurationError, match="OIDC_ISSUER is not set\nOIDC_CLIENTS is not set"):
        create_app({})
