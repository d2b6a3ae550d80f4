"""Which tokens of the identity provider are accepted. The keys are made here; no network is used."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from app.review.roles import Role
from app.web.sign_in.provider_cache import FRESH, LONGEST, RETRY_AFTER, ProviderError, StaleIfErrorCache
from app.web.sign_in.tokens import LEEWAY, Keys, TokenError, claims, person_of, signed_in_within

ISSUER, AUDIENCE = "http://issuer.example", "triage-web"
KEY = ECKey.generate_key("P-256", {"kid": "known"})
OTHER = ECKey.generate_key("P-256", {"kid": "known"})


@pytest.fixture
def keys():
    return Keys(lambda: dict(KeySet([KEY]).as_dict(private=False)))


def token(*, key=KEY, alg="ES256", header=None, **changed):
    now = int(time.time())
    told = {"iss": ISSUER, "aud": AUDIENCE, "sub": "officer-a", "iat": now, "exp": now + 60, "nonce": "n"}
    told |= changed
    told = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(
        {"alg": alg, "kid": "known", "typ": "JWT", **(header or {})}, told, key, algorithms=[alg]
    )


def read(value, keys):
    return claims(value, keys, issuer=ISSUER, audience=AUDIENCE, types=frozenset({"jwt", ""}), nonce="n")


def test_a_valid_token_is_accepted(keys):
    assert read(token(), keys)["sub"] == "officer-a"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "http://other.example"},
        {"iss": None},
        {"aud": "triage-api"},
        {"aud": ["somebody", "else"]},
        {"aud": None},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"exp": "soon"},
        {"iat": int(time.time()) + 86_400},
        {"nbf": int(time.time()) + 86_400},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"key": OTHER},
        {"header": {"kid": "unknown"}},
        {"header": {"typ": "at+jwt"}},
    ],
)
def test_invalid_tokens_are_refused(keys, changed):
    with pytest.raises(TokenError):
        read(token(**changed), keys)


def unsigned(header):
    parts = (header, {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "exp": 9e9, "iat": 1, "nonce": "n"})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return ".".join(encoded) + "."


def test_tokens_without_a_secret_signature_are_refused(keys):
    public = OctKey.import_key(json.dumps(KEY.as_dict(private=False)).encode())
    with pytest.raises(TokenError):
        read(token(key=public, alg="HS256"), keys)
    with pytest.raises(TokenError):
        read(unsigned({"alg": "none", "kid": "known"}), keys)


@pytest.mark.parametrize("value", ["", "a", "a.b.c", "..", "é.é.é", "a" * 5_000])
def test_malformed_tokens_are_refused(keys, value):
    with pytest.raises(TokenError):
        read(value, keys)


def test_rsa_keys_are_accepted():
    key = RSAKey.generate_key(2048, {"kid": "known"})
    keys = Keys(lambda: dict(KeySet([key]).as_dict(private=False)))
    assert read(token(key=key, alg="RS256"), keys)["sub"] == "officer-a"


class Asked:
    """A provider that counts how often it was asked, answers or not, and a clock: each question takes five seconds."""

    def __init__(self) -> None:
        self.times, self.silent, self.now = 0, False, 1_000.0
        self.keys = Keys(self.key_set, clock=lambda: self.now)

    def key_set(self):
        self.times += 1
        self.now += 5
        if self.silent:
            raise ProviderError("it hangs")
        return dict(KeySet([KEY]).as_dict(private=False))


@pytest.fixture
def provider():
    return Asked()


def test_made_up_key_ids_do_not_multiply_requests(provider):
    for number in range(20):
        with pytest.raises(TokenError):
            provider.keys.key(str(number))
    assert provider.times == 1


@pytest.mark.parametrize("known", [False, True])
def test_made_up_key_ids_do_not_multiply_requests_to_a_provider_that_hangs(provider, known):
    if known:
        provider.keys.key("known")
        provider.now += RETRY_AFTER
    provider.silent, before = True, provider.times
    for number in range(20):
        with pytest.raises(ProviderError):
            provider.keys.key(str(number))
    assert provider.times == before + 1
    provider.now += RETRY_AFTER
    provider.silent = False
    with pytest.raises(TokenError):
        provider.keys.key("made-up")
    assert provider.keys.key("known")


def test_while_the_provider_hangs_known_keys_are_accepted_for_an_hour(provider):
    provider.keys.key("known")
    provider.silent, fetched = True, provider.now
    provider.now = fetched + FRESH
    assert provider.keys.key("known")
    assert provider.keys.key("known")
    assert provider.times == 2
    provider.now = fetched + LONGEST
    for _ in range(2):
        with pytest.raises(ProviderError):
            provider.keys.key("known")
    assert provider.times == 3


def test_requests_do_not_wait_for_a_provider_that_just_failed():
    """A request comes in while another one's question hangs."""
    now, answers = [0.0], []

    def hang():
        if now[0]:
            with ThreadPoolExecutor(1) as another:
                answers.append(another.submit(pytest.raises, ProviderError, kept.get).result(timeout=20))
        raise ProviderError("it hangs")

    kept = StaleIfErrorCache(hang, clock=lambda: now[0])
    for now[0] in (0.0, RETRY_AFTER):
        with pytest.raises(ProviderError):
            kept.get()
    assert len(answers) == 1


@pytest.mark.parametrize("document", [{}, {"keys": 1}, {"keys": [{"kty": "EC", "kid": "a"}]}, {"keys": [1]}])
def test_a_malformed_key_set_is_a_provider_error(document):
    with pytest.raises(ProviderError):
        Keys(lambda: document).key("known")


def test_the_authentication_must_be_recent():
    for at in (10_000, 9_400.0, 9_400 - LEEWAY, 10_000 + LEEWAY):
        assert signed_in_within({"auth_time": at}, 600, clock=lambda: 10_000.0)
    for at in (None, "10000", True, [10_000], float("nan"), 9_399 - LEEWAY, 10_001 + LEEWAY, -1e400):
        assert not signed_in_within({"auth_time": at}, 600, clock=lambda: 10_000.0)
    assert not signed_in_within({}, 600, clock=lambda: 10_000.0)


def test_malformed_roles_are_refused_and_unknown_ones_ignored():
    known = person_of({"sub": "a", "roles": ["officer", "emperor"]})
    assert (known.name, known.roles) == ("a", {Role.OFFICER})
    for roles in ("officer", [1], None):
        with pytest.raises(TokenError):
            person_of({"sub": "a", "roles": roles})
