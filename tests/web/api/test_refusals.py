"""Every refusal below /api/ is a problem document, whatever the cause."""

import json
import logging
import re
import socket
from dataclasses import replace

import pytest

from app.web.api.operations import OPERATIONS
from app.web.error_texts import TEXTS

UNKNOWN = "00000000-0000-4000-8000-000000000000"
ADDRESSES = sorted({
    each.path.format(flag_id=UNKNOWN, run_id=UNKNOWN, call_id=UNKNOWN, action_id="x", alarm_id=UNKNOWN, order_id=UNKNOWN, position=0)
    for each in OPERATIONS
})  # fmt: skip


@pytest.mark.parametrize("path", ADDRESSES)
def test_without_a_token_every_operation_is_refused(program_of, problem, path):
    stranger = program_of(None)
    for method in {each.method for each in OPERATIONS if matches(each, path)}:
        answer = stranger.open(method, path)
        problem(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        answer = stranger.open(method, path, headers={"Authorization": "Bearer made.up.token"})
        problem(answer, 401)
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def matches(operation, path):
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", operation.path), path)


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_refused_method_names_the_allowed_ones(officer, problem, path):
    allowed = {each.method for each in OPERATIONS if matches(each, path)}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
        answer = officer.open(method, path)
        problem(answer, 405)
        assert allowed <= set(answer.headers["Allow"].split(", "))


def test_a_person_without_a_role_is_refused(program_of, problem):
    told = problem(program_of("visitor-a").open("GET", "/flags"), 403)
    assert told["title"] == "You have no role here"


def test_calls_are_limited_with_a_time_to_retry(program_of, problem):
    program = program_of("auditor-a", api_calls_per_minute=3)
    first = program.open("GET", "/me")
    assert first.headers["X-RateLimit-Limit"] == "3"
    assert first.headers["X-RateLimit-Remaining"] == "2"
    for _ in range(2):
        program.get("/me")
    answer = program.open("GET", "/me")
    problem(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_writes_have_their_own_limit(program_of, problem, action):
    program = program_of("officer-a", writes_per_minute=1)
    assert program.submit(action()).status_code == 201
    answer = program.submit(action())
    problem(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    program.get("/me")


def test_without_a_database_nothing_is_lost(program_of, problem, caplog):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        url = f"postgresql+psycopg://nobody@127.0.0.1:{port}/nowhere"
        program = program_of("officer-a", database_url=url)
        with caplog.at_level(logging.ERROR):
            for path in ("/flags", f"/flags/{UNKNOWN}", f"/runs/{UNKNOWN}", "/actions", "/runs"):
                told = problem(program.open("GET", path), 503)
                assert str(port) not in json.dumps(told)
                assert told["reference"] in caplog.text
            problem(program.submit({"action_id": "x"}), 422)
    program.get("/me")


def test_without_the_identity_provider_tokens_are_refused(program_of, problem):
    program = program_of("officer-a", oidc_issuer="http://127.0.0.1:9")
    told = problem(program.open("GET", "/me"), 503)
    assert "identity provider" in told["title"]


class Broken:
    """Read models with a bug."""

    def runs(self, *_, **__):
        raise RuntimeError("the inside of it")


def test_a_bug_shows_nothing_from_inside(program_of, problem, caplog):
    program = program_of("officer-a", api_calls_per_minute=99)
    known = program.client.application.extensions["triage.services"]
    replace(known, queries=Broken()).init_app(program.client.application)
    answer = program.open("GET", "/runs")
    told = problem(answer, 500)
    assert "inside" not in answer.text
    assert told["reference"] in caplog.text
    assert "the inside of it" in caplog.text


def test_a_refusal_is_found_in_the_log(officer, problem, caplog):
    with caplog.at_level(logging.INFO):
        told = problem(officer.open("GET", "/flags?limit=0"), 400)
    assert told["reference"] in caplog.text


def test_cookies_are_ignored(client, problem):
    problem(client.get("/api/v1/flags"), 401)
    problem(client.post("/api/v1/actions", json={}), 401)


def test_every_response_has_the_security_headers(officer, program_of):
    for answer in (officer.open("GET", "/me"), program_of(None).open("GET", "/me")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_every_error_status_has_a_text():
    used = {status for each in OPERATIONS for status in each.refusals}
    assert used <= set(TEXTS)
