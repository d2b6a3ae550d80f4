"""Each mock accepts exactly what the vault issued for it, while it is valid, and nothing else."""

import base64
import json
import threading
import time

import pytest
from joserfc.jwk import ECKey, OctKey

from mocks.authentication import SignedTokens
from mocks.key_set import KeySet
from mocks.refusals import RefusalError
from mocks.vault_connection import VaultConnection

SIGNED = {"sam-gov": "entity:read", "debarment": "exclusions:read"}
KEYED = ("contracts", "documents")
QUESTIONS = {
    "sam-gov": "/entity-information/v4/entities",
    "debarment": "/entity-information/v4/exclusions",
    "contracts": "/contract-awards/v1/search?piid=70ZZ0126C0001",
    "documents": "/documents/v1/documents?piid=70ZZ0126C0001",
}
ERROR_KEYS = {
    "sam-gov": {"Status", "timestamp", "message", "detail", "errorCode", "transaction_id"},
    "debarment": {"Status", "timestamp", "message", "detail", "errorCode", "transaction_id"},
    "contracts": {"message", "detail"},
    "documents": {"error"},
}


def ask(mock, name, **headers):
    return mock.client.get(QUESTIONS[name], headers=headers)


def encoded(part):
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def joined(header, claims, signature=b"x" * 64):
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(encoded(part) for part in parts)


def unsigned(claims):
    return joined({"alg": "none", "kid": "first"}, claims, b"")


@pytest.mark.parametrize("name", QUESTIONS)
def test_its_own_credential_is_accepted(start_mock, name):
    assert ask(start_mock(name), name).status_code == 200


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_credential_is_refused_in_the_services_own_shape(start_mock, name):
    answer = ask(start_mock(name, credential=False), name)
    assert answer.status_code == (401 if name == "documents" else 403)
    assert set(answer.json) == ERROR_KEYS[name]


@pytest.mark.parametrize("name", SIGNED)
def test_bad_tokens_are_refused(start_mock, issuing_vault, name):
    mock = start_mock(name, credential=False)
    now = int(time.time())
    good = {"aud": name, "scope": SIGNED[name]}
    sign, stranger = issuing_vault.sign, ECKey.generate_key("P-256", {"kid": "first"})
    other = "debarment" if name == "sam-gov" else "sam-gov"
    first, body, signature = sign(**good).split(".")
    bad = {
        "another audience": sign(aud=other, scope=SIGNED[name]),
        "several audiences": sign(aud=[name, other], scope=SIGNED[name]),
        "another issuer": sign(iss="http://elsewhere.test", **good),
        "expired": sign(exp=now, **good),
        "expired within any leeway": sign(exp=now - 5, **good),
        "no expiry": sign(exp=None, **good),
        "expiry not a number": sign(exp=float("nan"), **good),
        "expiry as text": sign(exp=str(now + 60), **good),
        "issued in the future": sign(iat=now + 120, **good),
        "not valid yet": sign(nbf=now + 120, **good),
        "no subject": sign(sub=None, **good),
        "signed by a stranger": sign(key=stranger, **good),
        "unknown key": sign(key=ECKey.generate_key("P-256", {"kid": "unheard-of"}), **good),
        "no key named": sign(header={"alg": "ES256"}, **good),
        "unsigned": unsigned({"iss": "x", **good}),
        "symmetric": sign(header={"alg": "HS256", "kid": "first"}, key=OctKey.generate_key(256), **good),
        "changed": ".".join((first, body[:-2] + ("AA" if body[-2:] != "AA" else "BB"), signature)),
        "no signature": f"{first}.{body}.",
        "an API key": issuing_vault.issue_api_key("contracts"),
        "nonsense": "a.b.c",
        "a list for a header": joined([], good),
        "text for a header": joined("ES256", good),
        "a list for an algorithm": joined({"alg": ["ES256"], "kid": "first"}, good),
        "a list for a key": joined({"alg": "ES256", "kid": ["first"]}, good),
        "an unknown critical header": joined({"alg": "ES256", "kid": "first", "crit": ["x"], "x": 1}, good),
        "nested without end": f"{encoded(b'[' * 5_000)}.{body}.{signature}",
    }
    for what, token in bad.items():
        answer = ask(mock, name, Authorization=f"Bearer {token}")
        assert answer.status_code == 401, what
        assert set(answer.json) == ERROR_KEYS[name], what


@pytest.mark.parametrize("name", SIGNED)
def test_a_wrong_scope_is_refused(start_mock, issuing_vault, name):
    mock = start_mock(name, credential=False)
    for scope in (None, "", "entity:readexclusions:read", ["entity:read"], "entity:write"):
        token = issuing_vault.sign(aud=name, scope=scope)
        assert ask(mock, name, Authorization=f"Bearer {token}").status_code == 403


def test_a_clock_thirty_seconds_ahead_is_tolerated(start_mock, issuing_vault):
    now = int(time.time())
    token = issuing_vault.sign(aud="sam-gov", scope="entity:read", iat=now + 25, nbf=now + 25)
    mock = start_mock("sam-gov", credential=False)
    assert ask(mock, "sam-gov", Authorization=f"Bearer {token}").status_code == 200


def test_a_token_is_good_until_the_second_before_it_expires(issuing_vault):
    moment = [0.0]
    tokens = SignedTokens(
        issuer="http://vault.test:8200/v1/identity/oidc",
        audience="sam-gov",
        scope="entity:read",
        keys=KeySet(VaultConnection("http://vault.test:8200")),
        clock=lambda: moment[0],
    )
    token = issuing_vault.sign(aud="sam-gov", scope="entity:read", iat=1_000, exp=1_120)
    moment[0] = 1_119.999
    assert tokens.verify(token) == "entity-1"
    moment[0] = 1_120.0
    with pytest.raises(RefusalError, match="expired"):
        tokens.verify(token)


def test_keys_are_fetched_once_and_again_for_a_new_one(start_mock, issuing_vault):
    mock = start_mock("sam-gov", credential=False)
    good = {"aud": "sam-gov", "scope": "entity:read"}
    for _ in range(3):
        assert ask(mock, "sam-gov", Authorization=f"Bearer {issuing_vault.sign(**good)}").status_code == 200
    assert issuing_vault.key_set_reads == 1
    issuing_vault.keys.append(ECKey.generate_key("P-256", {"kid": "second"}))
    for _ in range(3):
        assert ask(mock, "sam-gov", Authorization=f"Bearer {issuing_vault.sign(**good)}").status_code == 200
    assert issuing_vault.key_set_reads == 2


def test_a_token_with_another_algorithm_does_not_reach_the_vault(start_mock, issuing_vault):
    mock = start_mock("sam-gov", credential=False)
    assert ask(mock, "sam-gov", Authorization=f"Bearer {unsigned({})}").status_code == 401
    assert issuing_vault.key_set_reads == 0


def test_a_withdrawn_key_is_forgotten_when_the_key_set_is_old(issuing_vault):
    keys = KeySet(VaultConnection("http://vault.test:8200"), max_age=0)
    assert keys.key("first")
    issuing_vault.keys[:] = [ECKey.generate_key("P-256", {"kid": "second"})]
    with pytest.raises(RefusalError, match="unknown signing key"):
        keys.key("first")


def test_callers_at_the_same_time_share_one_fetch(issuing_vault):
    keys = KeySet(VaultConnection("http://vault.test:8200"))
    together = threading.Barrier(8)
    publish, found = issuing_vault.publish, []

    def ask_for_key():
        together.wait()
        found.append(keys.key("first").kid)

    threads = [threading.Thread(target=ask_for_key) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert found == ["first"] * 8
    assert publish.__self__.key_set_reads <= 2


def test_a_vault_that_fails_is_asked_again_with_the_next_request(start_mock, issuing_vault):
    mock = start_mock("sam-gov")
    issuing_vault.answer = 503
    assert ask(mock, "sam-gov").status_code == 503
    issuing_vault.answer = None
    assert ask(mock, "sam-gov").status_code == 200


@pytest.mark.parametrize("name", KEYED)
def test_bad_api_keys_are_refused(start_mock, issuing_vault, name):
    mock = start_mock(name, credential=False)
    other = "documents" if name == "contracts" else "contracts"
    bad = {
        "unknown": "s.unheard-of",
        "another tool's": issuing_vault.issue_api_key(other),
        "more policies": issuing_vault.issue_api_key(name, policies=[f"tool-{name}", "default"]),
        "root": issuing_vault.issue_api_key(name, role="", policies=["root"]),
        "another role": issuing_vault.issue_api_key(name, role=None),
        "a signed token": issuing_vault.sign(aud=name),
        "too long": "x" * 10_000,
        "not ASCII": "schlüssel",
    }
    for what, key in bad.items():
        answer = ask(mock, name, **{"X-Api-Key": key})
        assert answer.status_code == (401 if name == "documents" else 403), what
        assert set(answer.json) == ERROR_KEYS[name], what


@pytest.mark.parametrize("name", KEYED)
def test_a_revoked_api_key_is_refused_with_the_next_request(start_mock, issuing_vault, name):
    mock = start_mock(name)
    assert ask(mock, name).status_code == 200
    assert ask(mock, name).status_code == 200
    assert issuing_vault.introspections == 2
    issuing_vault.api_keys.clear()
    assert ask(mock, name).status_code in (401, 403)


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("trouble", [0, 429, 500, 503])
def test_nothing_is_accepted_while_the_vault_cannot_be_asked(
    start_mock, issuing_vault, name, trouble, caplog
):
    mock = start_mock(name)
    issuing_vault.answer = trouble
    answer = ask(mock, name)
    assert answer.status_code == 503
    assert set(answer.json) == ERROR_KEYS[name]
    assert (f": HTTP {trouble}" if trouble else "Error") in caplog.text
