"""A measured exposure is read as it was written, and a wrong document is refused by field and value."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from app.procurement.systems import SYSTEMS
from app.review.measured_exposure import MeasuredExposure, MeasuredExposureError, MeasuredHalf

STATIC = MeasuredHalf(
    seconds=8.1,
    credentials=5,
    stolen=5,
    accepted=5,
    reachable={system.name: system.credential.scope for system in SYSTEMS},
    seconds_at_risk=60.0,
    seconds_at_risk_to_the_end=None,
    longest_life=12.0,
    dead_after=None,
)
SHORT = MeasuredHalf(
    seconds=9.5,
    credentials=200,
    stolen=200,
    accepted=80,
    reachable={"sam-gov": "entity:read", "debarment": "exclusions:read"},
    seconds_at_risk=410.5,
    seconds_at_risk_to_the_end=9_600.0,
    longest_life=120.0,
    dead_after=118.5,
)
MEASURED = MeasuredExposure(
    measured_at=datetime(2026, 11, 30, 15, tzinfo=UTC), runs=40, static_keys=STATIC, short_lived=SHORT
)


def changed(half=None, **values):
    """The document with some values replaced or added."""
    document = json.loads(MEASURED.as_json())
    place = document[half] if half else document
    place.update(values)
    return json.dumps(document)


def test_a_document_is_read_as_it_was_written():
    assert MeasuredExposure.from_json(MEASURED.as_json()) == MEASURED


def test_a_day_of_static_keys_and_the_runs_that_would_count_the_same():
    assert MEASURED.static_in_a_day == 5 * 86_400
    assert MEASURED.short_lived_in_a_run == 240
    assert MEASURED.equal_at == 1_800
    nothing = replace(MEASURED, short_lived=replace(SHORT, seconds_at_risk_to_the_end=0.0))
    assert nothing.equal_at is None
    endless = replace(MEASURED, short_lived=replace(SHORT, seconds_at_risk_to_the_end=None))
    assert (endless.short_lived_in_a_run, endless.equal_at) == (None, None)


@pytest.mark.parametrize(
    ("half", "values", "problem"),
    [
        (None, {"runs": 0}, "runs: 0: "),
        (None, {"runs": "40"}, "runs: '40': "),
        (None, {"measured_at": "yesterday"}, "measured_at: 'yesterday': "),
        (None, {"measured_at": "2026-11-30T15:00:00"}, "measured_at: '2026-11-30T15:00:00': "),
        (None, {"secret": "x"}, "secret: 'x': "),
        ("static_keys", {"seconds": -1}, "static_keys.seconds: -1: "),
        ("static_keys", {"seconds": float("nan")}, "static_keys.seconds: nan: "),
        ("static_keys", {"credentials": 5.5}, "static_keys.credentials: 5.5: "),
        ("short_lived", {"stolen": 201}, "short_lived: stolen is 201, more than the 200 of credentials"),
        ("short_lived", {"accepted": 201}, "short_lived: accepted is 201, more than the 200 of stolen"),
        ("short_lived", {"accepted": 1}, "short_lived: reachable is 2, more than the 1 of accepted"),
        (
            "short_lived",
            {"reachable": {"sam-gov": "all"}},
            "short_lived: reachable names 'sam-gov' with 'all'",
        ),
        ("short_lived", {"reachable": {"moon": "x"}}, "short_lived: reachable names 'moon' with 'x'"),
        ("short_lived", {"dead_after": "a" * 200}, f"short_lived.dead_after: '{'a' * 79}…: "),
    ],
)
def test_a_wrong_document_is_refused_by_field_and_value(half, values, problem):
    with pytest.raises(MeasuredExposureError) as refused:
        MeasuredExposure.from_json(changed(half, **values))
    assert str(refused.value).startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the document: '': Invalid JSON"),
        ("[]", "the document: []: "),
        ("{}", "measured_at: Field required"),
    ],
)
def test_what_is_no_document_is_refused(text, problem):
    with pytest.raises(MeasuredExposureError) as refused:
        MeasuredExposure.from_json(text)
    assert str(refused.value).startswith(problem)


def test_figures_that_cannot_be_are_not_written_either():
    with pytest.raises(ValidationError, match="stolen is 6"):
        replace(STATIC, stolen=6)
