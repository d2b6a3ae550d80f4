"""What is not the vault's own word is no refusal and no theft: a table of odd answers to each call that processes make."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.credentials.approle import DESTROY_PATH, LOGIN_PATH, MINT_PATH
from app.credentials.auditor import AuditorError
from tests.integration.vault.answers.odd_vault import (
    EMPTY,
    GOOD,
    GRANTS,
    LEASE,
    LOOK_UP,
    ODD,
    SLOW,
    UNWRAP,
    WRAPPING,
    reply,
)
from workers.runtime.run_session import IntroductionError
from workers.runtime.vault import VaultUnavailableError

#: What a process does, the path at which that can go wrong, and the answers that are odd there.
CALLS = [
    ("introduce", WRAPPING, EMPTY),
    ("introduce", UNWRAP, EMPTY),
    ("introduce", LOGIN_PATH, EMPTY),
    *((name, grant.path, EMPTY) for name, grant in GRANTS.items()),
    ("revoke", "auth/token/revoke-self", ODD),
    ("mint", LOGIN_PATH, EMPTY),
    ("mint", MINT_PATH, EMPTY),
    ("metadata", LOOK_UP, EMPTY),
    ("lease", LEASE, EMPTY),
    ("end token", "auth/token/revoke-accessor", ODD),
    ("end lease", "sys/leases/revoke", ODD),
    ("end SecretID", DESTROY_PATH, ODD),
    ("audit", LOGIN_PATH, EMPTY),
    ("audit", LOOK_UP, EMPTY),
    ("audit", LEASE, EMPTY),
]
each_call = pytest.mark.parametrize(
    ("call", "path", "answers"), CALLS, ids=[f"{call}: {path}" for call, path, _ in CALLS]
)


@each_call
def test_a_good_answer_is_taken(calls, odd_vault, call, path, answers):
    calls(call, 5.0)
    assert path in odd_vault.asked


@each_call
def test_an_odd_answer_is_no_refusal_and_no_theft(calls, odd_vault, call, path, answers):
    odd_vault.odd_path = path
    for name, odd in answers.items():
        odd_vault.odd = odd
        with pytest.raises((VaultUnavailableError, AuditorError)) as silent:
            calls(call, 5.0)
        said = str(silent.value)
        assert "\n" not in said, name
        assert len(said) < 400, name
        assert "serviced" not in said, name


def fields(answer: Any, *above: str) -> Iterator[tuple[str, ...]]:
    for name, value in answer.items():
        if isinstance(value, dict):
            yield from fields(value, *above, name)
        yield (*above, name)


def with_field(answer: Any, path: tuple[str, ...], value: object) -> Any:
    first, *rest = path
    return {**answer, first: with_field(answer[first], tuple(rest), value) if rest else value}


STRANGE = [
    None,
    True,
    7,
    -1,
    10**400,
    "",
    " ",
    "a\nb",
    "\x00",
    "\ud800",
    "x" * 9000,
    [],
    ["a"],
    {},
    {"a": {}},
    [{}],
]


@pytest.mark.parametrize(("call", "path"), [(call, path) for call, path, _ in CALLS if GOOD[path]])
def test_a_field_of_another_form_raises_nothing_else(calls, odd_vault, call, path):
    """A field that nobody needs may have any."""
    odd_vault.odd_path = path
    good = GOOD[path]
    silent, alarmed = set(), set()
    for field in fields(good):
        for strange in STRANGE:
            odd_vault.odd = reply(200, json.dumps(with_field(good, field, strange)))
            try:
                calls(call, 5.0)
            except (VaultUnavailableError, AuditorError):
                silent.add(field[-1])
            except IntroductionError:
                alarmed.add(field[-1])
    assert silent
    assert alarmed <= {"run_id", "attempt", "metadata", "creation_path"}


@each_call
def test_a_slow_answer_ends_with_the_deadline_of_its_call(calls, odd_vault, call, path, answers):
    odd_vault.odd_path = path
    for odd_vault.odd in SLOW.values():
        began = time.monotonic()
        with pytest.raises((VaultUnavailableError, AuditorError), match=r"within 0\.2 s"):
            calls(call, 0.2)
        # A trickle lasts for 20 s. A run ends its token too, and no call of an audit outlives the first that is late.
        assert time.monotonic() - began < 5
