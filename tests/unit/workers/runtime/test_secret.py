"""A secret is shown only to a caller of `reveal`."""

import copy
import hashlib
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from workers.runtime import logs
from workers.runtime.secret import Secret

VALUE = "s.Uncommon0Canary0Value0123"


@dataclass(frozen=True)
class Holder:
    """As credentials are held."""

    name: str
    secret: Secret


@pytest.fixture
def secret() -> Secret:
    return Secret(VALUE)


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r:>40}",
        lambda secret: f"{secret:s}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031  # the older spelling is what is shown here
        "{0} {0!r}".format,
        lambda secret: repr([secret, (secret,), {secret: secret}]),
        lambda secret: repr(Holder("contracts", secret)),
        lambda secret: pprint.pformat({"secret": secret}),
        lambda secret: json.dumps({"secret": secret}, default=str),
        lambda secret: json.dumps({"secret": secret}, default=repr),
        lambda secret: repr(dir(secret)),
        lambda secret: repr(ValueError(secret)) + str(KeyError(secret)),
    ],
)
def test_no_representation_shows_the_secret(secret: Secret, show: Callable[[Secret], str]) -> None:
    assert VALUE not in show(secret)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_cannot_be_pickled(secret: Secret, protocol: int) -> None:
    for held in (secret, [secret], Holder("contracts", secret)):
        with pytest.raises(TypeError, match="does not leave its process"):
            pickle.dumps(held, protocol)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_it_cannot_be_copied(secret: Secret, copied: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="does not leave its process"):
        copied(secret)


def test_it_cannot_be_json_encoded(secret: Secret) -> None:
    with pytest.raises(TypeError) as refused:
        json.dumps({"secret": secret})
    assert VALUE not in str(refused.value)


def test_it_has_no_dictionary_and_is_equal_to_itself_only(secret: Secret) -> None:
    assert not hasattr(secret, "__dict__")
    assert secret == secret  # noqa: PLR0124
    assert secret != Secret(VALUE)
    assert secret != VALUE
    with pytest.raises(TypeError):
        vars(secret)


def test_an_empty_one_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be empty"):
        Secret("")


def test_reveal_and_fingerprint(secret: Secret) -> None:
    assert secret.reveal() == VALUE
    assert secret.fingerprint() == hashlib.sha256(VALUE.encode()).hexdigest()


def fail_with(secret: Secret) -> None:
    shown = secret.reveal()
    headers = {"X-Api-Key": shown}
    raise RuntimeError(f"{len(headers)} header of {len(shown)} characters")


def test_a_traceback_shows_no_secret(secret: Secret) -> None:
    with pytest.raises(RuntimeError) as broken:
        fail_with(secret)
    assert VALUE not in "".join(traceback.format_exception(broken.value))


@pytest.fixture
def logs_restored() -> Iterator[None]:
    """Logging as it was, after a test that configures it as our processes do."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:], level = before[:2]
    root.setLevel(level)
    structlog.configure(**before[2])


@pytest.mark.usefixtures("logs_restored")
def test_logs_show_tracebacks_without_local_variables(
    secret: Secret, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure()
    try:
        fail_with(secret)
    except RuntimeError:
        logging.getLogger("celery.app.trace").exception("task failed")
        structlog.get_logger().exception("task failed", secret=secret, held=Holder("contracts", secret))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["task failed", "task failed"]
    for line in lines:
        assert "fail_with" in json.dumps(line["exception"])
        assert VALUE not in json.dumps(line)
        assert "locals" not in json.dumps(line)
