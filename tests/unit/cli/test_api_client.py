"""Commands as clients of the JSON API: whose token they send and where, and what they say of refusals."""

import json
from types import SimpleNamespace

import pytest

from app.cli.api_client import Client
from app.cli.api_problems import RefusedError, Wording, refusal
from app.connections.http_wire import LateError, WireAnswer
from app.connections.secret_files import SettingsError
from infra.local.state import Layout

WORDING = Wording(unknown="flag: no flag has the id X", options={"rationale": "--reason"})
REFERENCE = "4f2a90c1d3e8"


def problem(status, **fields):
    document = {"status": status, "title": "T", "detail": "D.", "reference": REFERENCE, **fields}
    return WireAnswer(status, {"retry-after": "17"}, json.dumps(document).encode())


STATE = {"version": 2}
EVENT = {"kind": "decided", "by_name": "Officer B", "at": "2026-09-14T12:00:00Z", "decision": "confirmed"}


@pytest.mark.parametrize(
    ("answer", "lines", "status"),
    [
        (
            problem(409, flag=STATE, event=EVENT),
            [
                (
                    "Officer B was first (decided: Confirmed, 2026-09-14 12:00:00 UTC). Nothing was stored. The flag is at"
                    " version 2 now: look at it, then repeat the command with --version 2."
                )
            ],
            1,
        ),
        (
            problem(409, flag=STATE),
            [
                (
                    "The flag has never had this version. Nothing was stored. The flag is at version 2 now: look at it,"
                    " then repeat the command with --version 2."
                )
            ],
            1,
        ),
        (problem(409, detail="It is closed."), ["It is closed. Nothing was stored."], 1),
        (problem(403), ["T. D."], 1),
        (
            problem(
                422,
                errors=[
                    {"field": "rationale", "value": "''", "problem": "is empty"},
                    {"field": "reference", "value": None, "problem": "is missing"},
                ],
            ),
            ["--reason: '' is empty", "reference: is missing"],
            2,
        ),
        (problem(404), ["flag: no flag has the id X"], 2),
        (
            problem(401),
            [
                "TRIAGE_TOKEN_FILE: the API does not accept this token. It may have expired: get a new one.",
            ],
            2,
        ),
        (problem(429), ["T. Try again in 17 seconds."], 1),
        (problem(503), [f"T. D. (reference {REFERENCE})"], 1),
        (problem(403, title="one\ntwo\x1b[31m"), ["one two�[31m. D."], 1),
        # Another server than the API does not say that a flag is unknown.
        (WireAnswer(404, {}, b"<html>"), ["the JSON API answers HTTP 404"], 2),
        (WireAnswer(502, {}, b"<html>"), ["the JSON API answers HTTP 502"], 1),
        (WireAnswer(409, {}, b"[]"), ["the JSON API answers HTTP 409"], 1),
        (WireAnswer(500, {}, b"[" * 100_000), ["the JSON API answers HTTP 500"], 1),
    ],
)
def test_a_refusal_is_plain_sentences_and_a_status(answer, lines, status):
    said = refusal(answer, WORDING)
    assert (list(said.lines), said.exit_status) == (lines, status)


@pytest.fixture
def context(tmp_path):
    return SimpleNamespace(layout=Layout(tmp_path))


@pytest.fixture
def token(tmp_path, monkeypatch):
    """A file with a token, and the address of an API."""
    file = tmp_path / "token"
    file.write_text("abc.def-g_h\n")
    file.chmod(0o600)
    monkeypatch.setenv("TRIAGE_TOKEN_FILE", str(file))
    monkeypatch.setenv("WEB_ADDRESS", "https://triage.example/")
    return file


def test_the_token_is_read_from_a_closed_file_and_shown_nowhere(context, token):
    client = Client.of(context)
    assert (client.address, client.token) == ("https://triage.example", "abc.def-g_h")
    assert "abc.def" not in repr(client)
    token.chmod(0o644)
    with pytest.raises(SettingsError, match=r"is open to others, mode 0644"):
        Client.of(context)


@pytest.mark.parametrize("content", ["Bearer abc", "abc\r\nX-Other: 1", "a b", "é"])
def test_what_is_no_token_reaches_no_header(context, token, content):
    token.write_text(content)
    with pytest.raises(SettingsError, match=r"does not hold an access token") as wrong:
        Client.of(context)
    assert content not in str(wrong.value)


def test_a_token_is_not_sent_to_another_machine_in_the_clear(context, token, monkeypatch):
    monkeypatch.setenv("WEB_ADDRESS", "http://triage.example")
    with pytest.raises(SettingsError, match=r"WEB_ADDRESS: must start with https://"):
        Client.of(context)


def test_what_is_missing_is_named(context, token, monkeypatch):
    monkeypatch.delenv("TRIAGE_TOKEN_FILE")
    with pytest.raises(SettingsError, match=r"TRIAGE_TOKEN_FILE is not set; it names the file"):
        Client.of(context)
    monkeypatch.delenv("WEB_ADDRESS")
    with pytest.raises(SettingsError, match=r"no stack is running here: .*, or set WEB_ADDRESS"):
        Client.of(context)


class FakeWire:
    """Keeps what is sent, and gives the answers it was made with."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.sent = []

    def request(self, method, url, **more):
        self.sent.append((method, url, more["headers"], more["body"]))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_request_carries_the_token_and_its_body_as_json():
    wire = FakeWire(WireAnswer(200, {}, b'{"version": 1}'))
    client = Client(address="https://triage.example", token="abc", wire=wire)
    assert client.post("/flags/X/undoings", WORDING, {"version": 0}) == {"version": 1}
    assert client.post("/runs/X/stops", WORDING) == {"version": 1}
    bearer = {"Authorization": "Bearer abc"}
    assert wire.sent == [
        (
            "POST",
            "https://triage.example/api/v1/flags/X/undoings",
            {**bearer, "Content-Type": "application/json"},
            b'{"version": 0}',
        ),
        ("POST", "https://triage.example/api/v1/runs/X/stops", bearer, None),
    ]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (LateError("no answer within 30 s"), "the JSON API at https://triage.example: no answer within 30 s"),
        (WireAnswer(302, {}, b""), "the JSON API at https://triage.example answers HTTP 302"),
        (WireAnswer(200, {}, b"<html>"), "the JSON API answers, but not with JSON"),
    ],
)
def test_no_usable_answer_is_one_line_and_status_1(answer, line):
    client = Client(address="https://triage.example", token="abc", wire=FakeWire(answer))
    with pytest.raises(RefusedError) as refused:
        client.get("/me", WORDING)
    assert (refused.value.lines, refused.value.exit_status) == ((line,), 1)
