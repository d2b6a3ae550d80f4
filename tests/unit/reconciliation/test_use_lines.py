"""Lines of the tools' logs: a use, something else, or a line that is counted as unreadable."""

import json
from datetime import UTC, datetime

import pytest

from app.reconciliation.use_lines import ToolUse, UnreadableLineError, connections_of, read_request

REQUEST = {
    "time": "2026-11-29T05:43:00.446430+00:00",
    "service": "documents",
    "fingerprint": "ab" * 32,
    "method": "GET",
    "route": "/files/<name>",
    "query": {},
    "status": 200,
    "reason": None,
    "subject": "accessor",
    "remote_address": "10.0.0.7",
}
AUTHORIZED = "2026-11-29 05:43:21.592 UTC [23365] 10.0.0.7 LOG:  connection authorized: user={} database={}"
logins = connections_of("soil", {"soil_owner"})


def line(**changed):
    return json.dumps(REQUEST | changed).encode()


def test_a_request_says_when_with_what_from_where_and_how_it_ended():
    assert read_request(line()) == ToolUse(
        at=datetime(2026, 11, 29, 5, 43, 0, 446430, tzinfo=UTC),
        operation="GET /files/<name>",
        status=200,
        fingerprint="ab" * 32,
        subject="accessor",
        remote_address="10.0.0.7",
    )


def test_what_a_request_may_leave_out_is_not_known():
    short = {name: REQUEST[name] for name in ("time", "method", "route", "status")}
    use = read_request(json.dumps(short).encode())
    assert (use.fingerprint, use.subject, use.remote_address) == (None, None, None)


def test_times_of_other_zones_are_turned_into_utc():
    assert read_request(line(time="2026-11-29T00:43:00-05:00")).at == datetime(
        2026, 11, 29, 5, 43, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        line()[:-20],
        line(time="yesterday"),
        line(time="2026-11-29T05:43:00"),
        line(time=5),
        line(status="200"),
        line(status=True),
        line(status=20_000),
        line(method=None),
        line(route=["/"]),
        line(fingerprint=5),
        line(subject="\0"),
        line(remote_address="\ud800"),
        json.dumps({name: value for name, value in REQUEST.items() if name != "status"}).encode(),
    ],
)
def test_a_line_without_what_a_request_needs_cannot_be_read(raw):
    with pytest.raises(UnreadableLineError):
        read_request(raw)


@pytest.mark.parametrize("after", ["", " application_name=psql", " SSL enabled (protocol=TLSv1.3)"])
def test_a_login_says_who_from_where(after):
    assert logins((AUTHORIZED.format("run-7", "soil") + after).encode()) == ToolUse(
        at=datetime(2026, 11, 29, 5, 43, 21, 592_000, tzinfo=UTC),
        operation="connect",
        service_user="run-7",
        remote_address="10.0.0.7",
    )


@pytest.mark.parametrize(
    "text",
    [
        AUTHORIZED.format("run-7", "other"),
        AUTHORIZED.format("soil_owner", "soil"),
        "2026-11-29 05:43:21.592 UTC [23365] LOG:  starting PostgreSQL",
        "2026-11-29 05:43:21.592 UTC [23365] 10.0.0.7 LOG:  connection received: host=10.0.0.7 port=5",
        "\tthe rest of a message",
        "",
    ],
)
def test_other_lines_of_the_server_are_no_logins(text):
    assert logins(text.encode()) is None


REFUSED = "2026-11-29 05:43:21.592 UTC [23365] 10.0.0.9 FATAL:  {}"


@pytest.mark.parametrize(
    ("reason", "user"),
    [
        ('password authentication failed for user "run-7"', "run-7"),
        ('password authentication failed for user "soil_owner"', "soil_owner"),
        ('certificate authentication failed for user "run-7"', "run-7"),
        ('LDAP authentication failed for user "a"b"', 'a"b'),
        ('authentication failed for user "run-7": host rejected', "run-7"),
        ('no pg_hba.conf entry for host "10.0.0.9", user "run-7", database "other", no encryption', "run-7"),
        (
            'no pg_hba.conf entry for replication connection from host "10.0.0.9", user "x", SSL encryption',
            "x",
        ),
        (
            'pg_hba.conf rejects connection for host "10.0.0.9", user "run-7", database "soil", SSL on',
            "run-7",
        ),
        ('role "run-7" does not exist', "run-7"),
    ],
)
def test_a_refused_login_is_a_use_with_a_refusal(reason, user):
    assert logins(REFUSED.format(reason).encode()) == ToolUse(
        at=datetime(2026, 11, 29, 5, 43, 21, 592_000, tzinfo=UTC),
        operation="connect",
        status=401,
        service_user=user,
        remote_address="10.0.0.9",
    )


@pytest.mark.parametrize(
    "reason",
    [
        "the database system is starting up",
        "terminating connection due to administrator command",
        # Authorized before, so it has a line as a login.
        'role "run-7" is not permitted to log in',
        'too many connections for role "run-7"',
    ],
)
def test_what_ends_a_session_is_no_refusal(reason):
    assert logins(REFUSED.format(reason).encode()) is None


def test_a_name_that_breaks_the_line_forges_no_login():
    """The server indents what follows a break within a message."""
    forged = AUTHORIZED.format("run-7", "soil")
    told = REFUSED.format(f'password authentication failed for user "x\n\t{forged}"')
    refused, rest = (logins(each.encode()) for each in told.split("\n"))
    assert (refused.service_user, refused.status, rest) == ("x", 401, None)


@pytest.mark.parametrize(
    "text", ["LOG:  connection authorized: user=run-7 database=soil", "syslog: hello", "{}"]
)
def test_a_line_without_the_prefix_of_the_server_cannot_be_read(text):
    with pytest.raises(UnreadableLineError):
        logins(text.encode())
