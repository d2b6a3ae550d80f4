"""What looks like a secret is replaced, wherever a record holds it, and nothing else is."""

import json
import logging
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest

from app.connections import redaction
from app.connections.redaction import REDACTED, redact

TOKEN = "s.Zq3fT8kLw0RbYv5NnXc1MhJd"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ0cmlhZ2UifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
#: As the vault makes them: service, in a namespace, batch; the same of its relative; signed.
TOKENS = (
    TOKEN,
    f"{TOKEN}.a1B2c",
    "b.AAAAAQKx7-rL_d0f9Wm3vB6cT1yQh8ZsEjUoNpGaViRkXlMw2",
    "hvs.CAESIJ0aVb3nKq9xYt",
    "hvb.AAAAAQL0aVb3nKq9xYtmZ",
    JWT,
)
RAISE = """
class Fail:
    def __call__(self, *_, **__): raise ValueError(text)
    def __getattr__(self, _): return self
fail = Fail()
"""
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "text", ["{}", "token {}, twice {}", "line\\n{}", "http://v/?t={}&x=1", "%3D{}", "('{}',)"]
)
def test_a_token_is_known_by_its_form(token, text):
    assert redact(text.format(token, token)) == text.format(REDACTED, REDACTED)


@pytest.mark.parametrize("name", ["wrapping_token", "secret_id", "role_id", "client_token", "password"])
@pytest.mark.parametrize("value", ["0b7c-55", "two words, and )more", "with \" and ' in it", "ends in \\"])
def test_a_field_is_known_by_its_name(name, value):
    """In JSON, in JSON within JSON, in repr, as argument; every part of the value goes."""
    held = {"before": "kept", name: value}
    once = json.dumps(held)
    for text in (
        once,
        json.dumps({"event": once}),
        repr(held),
        repr(held | {name: value.encode()}),
        f"f({name}={value!r})",
    ):
        shown = redact(text)
        assert REDACTED in shown
        assert not any(part in shown for part in ("0b7c", "words", "more", "with", "in it", "ends")), shown
        assert "before" not in text or "kept" in shown


def test_a_field_without_quotes_ends_where_the_word_ends():
    assert redact("login(password=abc, user=me)") == f"login(password={REDACTED}, user=me)"
    assert redact("password=ab:cd=ef rest") == f"password={REDACTED} rest"
    assert redact("secret_id: 0b7c-55 refused") == f"secret_id: {REDACTED} refused"


@pytest.mark.parametrize(
    "text",
    [
        "run 5e0c6f52-4f0f-4d35-9d6f-2b1c0a7f5e11 of workers.runtime.process_identity_of_a_worker",
        "it refuses the password in REDIS_PASSWORD_FILE: /run/secrets/password is not a file",
        'File "app/connections/database.py", line 12, in connections.database.connect_with_password_file',
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_what_is_no_secret_is_kept(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    "part",
    [
        "s.",
        "hvs.",
        "eyJ",
        "b.",
        "password=",
        "password='",
        "password=\\'",
        "password\\",
        f"{TOKEN[:20]}",
        "password ",
    ],
)
def test_a_hostile_text_costs_time_in_proportion_to_its_length(part):
    def seconds(times: int) -> float:
        start = time.process_time()
        redact(part * times)
        return time.process_time() - start

    few = min(seconds(10_000) for _ in range(3))
    # Ten times as long; a quadratic pattern takes a hundred times.
    assert seconds(100_000) < 40 * few + 0.05


@pytest.fixture
def written():
    """A handler of somebody else, on a logger that passes nothing on to the root."""
    before = (logging.Handler.format, logging.raiseExceptions, sys.excepthook)
    redaction.install()
    logger, stream = logging.getLogger("a.library"), StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s %(data)s", defaults={"data": ""}))
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, stream
    logger.removeHandler(handler)
    logger.propagate = True
    logging.Handler.format, logging.raiseExceptions, sys.excepthook = before


def test_every_part_of_a_record_is_redacted_in_the_loggers_of_libraries(written):
    logger, stream = written
    logger.error(
        "message %s %r", TOKEN, {"secret_id": "0b7c-55"}, extra={"data": {"client_token": "0b7c-56"}}
    )
    try:
        int(JWT)
    except ValueError as error:
        error.add_note(f"password='0b7c-57' {TOKEN}")
        logger.exception("failed")
    text = stream.getvalue()
    assert "ERROR message" in text
    assert "Traceback" in text
    assert text.count(REDACTED) == 6
    assert not any(secret in text for secret in (TOKEN, JWT[:20], "0b7c"))


def test_a_record_that_cannot_be_formatted_is_one_line_without_its_arguments(written, capsys):
    logger, stream = written
    logger.error("number %d", TOKEN)
    assert "could not be written (TypeError)" in stream.getvalue()
    assert TOKEN not in stream.getvalue() + capsys.readouterr().err


@pytest.mark.parametrize(
    ("set_up", "fail"),
    [
        ("from workers.runtime import logs; logs.configure()", "raise ValueError(text)"),
        (
            "from workers.runtime import logs; logs.configure()",
            "log.error('x', wrapped=[text], extra={'a': text})",
        ),
        ("from app.connections import redaction; redaction.install()", "raise ValueError(text)"),
        (
            "import app.web.launch as entry; sys.argv[1:] = ['--bind', '[::1]:1']",
            "entry.configured = fail; entry.main()",
        ),
        (
            "import app.cli.main as entry",
            "entry.app.command('fail')(lambda: fail()); sys.argv[1:] = ['fail']; entry.main()",
        ),
        ("import infra.provision.__main__ as entry", "entry._wanted = fail; entry.main()"),
        ("import infra.local.supervisor as entry", "entry.argparse = fail; entry.main()"),
        (
            "import threading; from app.connections import redaction; redaction.install()",
            "t = threading.Thread(target=lambda: int(text)); t.start(); t.join()",
        ),
    ],
)
def test_a_process_prints_no_secret_not_even_in_its_last_words(set_up, fail):
    script = f"text = sys.argv[1]\n{set_up}\nimport structlog; log = structlog.get_logger()\n{RAISE}\n{fail}"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{script}", f"a\n{TOKEN}"],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert REDACTED in done.stderr
    assert TOKEN not in done.stderr + done.stdout
