"""The charts: where bars stand and how they are labelled."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest

from app.credentials.ending import Endings
from app.credentials.tables import AttemptEndRow, AttemptRow, CallRow, CredentialRow, DenialRow
from app.review.queries.seen_calls import SeenCall
from app.web.pictures import waterfall
from app.web.pictures.axis import ticks
from app.web.pictures.trend import HEIGHT, WIDTH, trend

T0 = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOW = T0 + timedelta(hours=1)
RIGHT = waterfall.WIDTH - 10


def at(milliseconds):
    return T0 + timedelta(milliseconds=milliseconds)


def attempt(**changed):
    fields = {
        "number": 1,
        "state": "finished",
        "dispatched_at": at(-500),
        "claimed_at": at(0),
        "token_issued_at": at(50),
        "token_expires_at": at(900_050),
        "revoked_at": at(900),
        "revoked_by": "run end",
        "ended_at": at(1000),
    }
    return AttemptRow(**{**fields, **changed})


def credential(**changed):
    fields = {"credential_id": uuid4(), "attempt": 1, "tool": "contracts", "kind": "api-key"}
    times = {"issued_at": at(100), "expires_at": at(900_100), "revoked_at": at(900), "ended_by": "run end"}
    return CredentialRow(**{**fields, **times, **changed})


def call(of, **changed):
    fields = {"call_id": uuid4(), "credential_id": of.credential_id, "attempt": of.attempt}
    usual = {"operation": "GET /x", "status": 200, "started_at": at(200), "latency_ms": 100.0, "error": None}
    return CallRow(**{**fields, **usual, **changed})


def page(attempts, credentials=(), calls=(), *, denials=(), ends=(), seen=()):
    return SimpleNamespace(
        attempts=attempts,
        credentials=credentials,
        calls=calls,
        denials=denials,
        seen=seen,
        endings=lambda now: Endings.of(attempts, ends, now),
        calls_of=lambda of: [each for each in calls if each.credential_id == of.credential_id],
    )


def drawn(*arguments, **more):
    (picture,) = waterfall.waterfall(page(*arguments, **more), NOW)
    return picture


def test_a_bar_is_as_long_as_its_duration():
    key = credential()
    picture = drawn([attempt()], [key], [call(key)])
    introduction, token, issued, called = picture.bars
    plot = RIGHT - waterfall.NAMES
    assert introduction.x == waterfall.NAMES
    assert called.x == pytest.approx(waterfall.NAMES + 0.2 * plot)
    assert called.width == pytest.approx(0.1 * plot)
    assert token.x + token.width == pytest.approx(issued.x + issued.width)
    assert [bar.row.step for bar in picture.bars] == [2, 2, 4, 5]
    assert [text for _, text in picture.marks][:3] == ["0", "200 ms", "400 ms"]


def test_what_a_tool_has_logged_already_stands_below_its_credential():
    key, token = credential(), credential(tool="sam-gov", kind="signed-token")
    seen = [
        SeenCall(key.credential_id, "GET /x", 200, at(300)),
        SeenCall(key.credential_id, "GET /y", 403, at(400)),
    ]
    picture = drawn([attempt()], [key, token], seen=seen)
    rows = [(bar.row.step, bar.name, bar.row.tone, bar.note) for bar in picture.bars[2:]]
    assert rows[1:3] == [(5, "– GET /x", "call", "answered"), (5, "– GET /y", "failed", rows[2][3])]
    assert [row[0] for row in rows] == [4, 5, 5, 4]
    assert picture.rows[3].how == "in the system’s own log, HTTP 200"


def test_a_credential_that_outlives_the_picture_is_drawn_to_its_edge():
    token = credential(kind="signed-token", revoked_at=None, ended_by=None, expires_at=at(120_100))
    *_, bar = drawn([attempt()], [token]).bars
    assert bar.x + bar.width == pytest.approx(RIGHT)
    assert "valid beyond this picture" in bar.note
    assert bar.row.how == "expired by its TTL, 2 min after issue"


def test_a_credential_whose_end_is_not_confirmed_is_drawn_to_the_edge_and_says_so():
    key = credential(revoked_at=None, ended_by=None, expires_at=at(500))
    sealed = AttemptEndRow(number=1, problem="the vault is sealed")
    picture = drawn([attempt(revoked_at=None, revoked_by=None)], [key], [call(key)], ends=[sealed])
    *_, token, issued, _called = picture.bars
    for bar in (token, issued):
        assert bar.x + bar.width == pytest.approx(RIGHT)
        assert "end not confirmed" in bar.note
        assert bar.row.how == "end requested, not confirmed: the vault is sealed"
    assert "2 ends not confirmed" in picture.summary


def test_nothing_is_drawn_outside_the_picture():
    key = credential(issued_at=at(999.9), revoked_at=at(1000))
    late = call(key, started_at=at(999.99), latency_ms=0.001)
    picture = drawn([attempt()], [key], [late])
    for bar in picture.bars:
        assert waterfall.NAMES <= bar.x <= waterfall.WIDTH
        assert bar.x + bar.width <= waterfall.WIDTH
        ends = bar.note_x + (1 if bar.anchor == "start" else -1) * len(bar.note) * 6.7
        assert 0 <= ends <= waterfall.WIDTH


@pytest.mark.parametrize(
    ("changed", "how", "note"),
    [
        ({"status": 500}, "HTTP 500", "✕ HTTP 500, 100 ms"),
        ({"status": 0, "error": "timed out"}, "no answer: timed out", "✕ no answer, 100 ms"),
        ({"status": 200, "error": "not JSON"}, "HTTP 200: not JSON", "✕ HTTP 200, 100 ms"),
    ],
)
def test_a_failed_call_differs_by_more_than_color(changed, how, note):
    key = credential()
    picture = drawn([attempt()], [key], [call(key, **changed)])
    assert (picture.rows[-1].tone, picture.rows[-1].how) == ("failed", how)
    assert picture.bars[-1].note == note
    assert "1 failed or refused" in picture.summary


def test_a_refusal_is_a_mark_with_a_reason():
    denial = DenialRow(
        attempt=1, tool="ledger", vault_path="x", reason="permission denied", refused_at=at(120)
    )
    picture = drawn([attempt()], denials=[denial])
    assert picture.bars[-1].note == "✕ refused"
    assert (picture.rows[-1].step, picture.rows[-1].how) == (3, "permission denied")


def test_each_attempt_has_a_scale_of_its_own_newest_first():
    lost = attempt(state="lost", ended_at=at(120_000), revoked_at=at(120_000), revoked_by="sweeper")
    again = attempt(
        number=2,
        dispatched_at=at(121_000),
        claimed_at=at(121_000),
        token_issued_at=at(121_050),
        revoked_at=at(121_400),
        ended_at=at(121_500),
    )
    second, first = waterfall.waterfall(page([lost, again]), NOW)
    assert (second.attempt.number, first.attempt.number) == (2, 1)
    assert second.marks[-1][1] == "500 ms"
    assert [text for _, text in first.marks] == [
        "0",
        "20 s",
        "40 s",
        "1 min",
        "1 min 20 s",
        "1 min 40 s",
        "2 min",
    ]


def test_an_attempt_that_never_started_has_no_bars():
    nothing = {"claimed_at": None, "token_issued_at": None, "token_expires_at": None, "revoked_at": None}
    picture = drawn([attempt(state="dispatched", ended_at=None, **nothing)])
    assert not picture.rows
    assert picture.summary.startswith("0 credentials and 0 calls.")


def test_a_long_attempt_is_cut_and_says_by_how_much():
    key = credential()
    picture = drawn([attempt()], [key], [call(key) for _ in range(100)])
    assert len(picture.bars) == waterfall.MOST
    assert picture.left_out == len(picture.rows) - waterfall.MOST == 43


def test_a_long_name_is_cut_in_the_picture_only():
    key = credential()
    picture = drawn([attempt()], [key], [call(key, operation="GET /" + "a" * 200)])
    assert len(picture.bars[-1].name) < 40
    assert picture.rows[-1].name == "GET /" + "a" * 200


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (0, [0]),
        (0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (6, [0, 1, 2, 3, 4, 5, 6]),
        (340, [0, 100, 200, 300]),
        (120_000, [0, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000]),
    ],
)
def test_an_axis_has_round_marks(most, marks):
    assert list(ticks(most)) == pytest.approx(marks)


DAYS = [date(2026, 10, 26) + timedelta(days=number) for number in range(14)]


def test_a_column_is_as_high_as_its_number():
    made = trend(DAYS, {"Runs": [0] * 12 + [50, 100]})
    half, whole = (column for column in made.columns if column.number)
    assert whole.height == pytest.approx(2 * half.height, abs=0.2)
    assert whole.y + whole.height == half.y + half.height
    assert made.summary == "Runs: 150 in 14 days, at most 100 a day, 100 today."
    assert [text for _, text in made.dates] == ["Oct 27", "29", "31", "Nov 2", "4", "6", "8"]
    assert all(column.labeled for column in made.columns if column.number)


def test_two_numbers_of_a_day_stand_side_by_side():
    made = trend(DAYS, {"Raised": [7] * 14, "Closed": [3] * 14})
    first, second = (next(each for each in made.columns if each.series == n) for n in (0, 1))
    assert second.x == pytest.approx(first.x + first.width, abs=0.1)
    assert not any(column.labeled for column in made.columns)
    assert made.heads == ["Day", ("Raised", "number"), ("Closed", "number")]


def test_days_without_anything_are_empty_and_large_numbers_fit():
    assert trend(DAYS, {"Runs": [0] * 14}).empty
    made = trend(DAYS, {"Runs": [1_234_567] * 14})
    assert not made.empty
    assert all(column.x >= 0 and column.x + column.width <= WIDTH for column in made.columns)
    assert all(column.y >= 0 and column.y + column.height <= HEIGHT for column in made.columns)
    assert not any(column.labeled for column in made.columns)
