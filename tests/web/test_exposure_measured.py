"""The measured exposure as the page of exposure shows it: two columns, each figure as it was measured."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import render_template_string

from app.procurement.systems import SYSTEMS
from app.review.measured_exposure import MeasuredExposure, MeasuredHalf

PAGE = """
{% extends "base.html" %}
{% block title %}Exposure{% endblock %}
{% block main %}<h1>Exposure</h1>
{% include "exposure_measured.html" %}
{% endblock %}
"""
STATIC = MeasuredHalf(
    seconds=8.14,
    credentials=5,
    stolen=5,
    accepted=5,
    reachable={system.name: system.credential.scope for system in SYSTEMS},
    seconds_at_risk=61.2,
    seconds_at_risk_to_the_end=None,
    longest_life=12.2,
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
    dead_after=118.6,
)
MEASURED = MeasuredExposure(
    measured_at=datetime(2026, 11, 30, 15, 4, 5, tzinfo=UTC), runs=40, static_keys=STATIC, short_lived=SHORT
)


@pytest.fixture
def shown(client, read, monkeypatch):
    """The page with these figures."""

    def of(measured):
        views = client.application.view_functions
        monkeypatch.setitem(views, "runs.queue", lambda: render_template_string(PAGE, measured=measured))
        return read(client, "/runs")

    return of


def test_both_halves_stand_side_by_side(shown):
    page = shown(MEASURED)
    rows = {row[0]: row[1:] for row in page.rows}
    assert rows[""] == ["Static keys", "One credential for each run and system"]
    assert rows["Time for the runs"] == ["8.14 s", "9.50 s"]
    assert rows["Credentials used"] == ["5", "200"]
    assert rows["Stolen"] == ["5 of 5", "200 of 200"]
    assert rows["Still accepted after the last run"] == ["5 of 5", "80 of 200"]
    systems = rows["Systems that accepted them"]
    assert systems[0].startswith("5 of 5: SAM.gov registrations, ")
    assert systems[1] == "2 of 5: SAM.gov registrations, SAM.gov exclusions"
    assert rows["Rights they gave"][1] == "entity:read exclusions:read"
    assert rows["Longest life"] == ["12 s at the theft, and going on", "2 min"]
    assert rows["Last one dead"] == ["when the keys are replaced", "1 min 59 s after the theft"]
    assert rows["Credential-seconds at risk until the theft"] == ["61", "410"]
    to_the_end = rows["The same until the last one is dead"]
    assert to_the_end == ["5 more each second, until the keys are replaced", "9,600"]


def test_it_says_when_and_with_how_many_runs_it_was_measured(shown):
    text = shown(MEASURED).text
    assert "40 runs with static keys, and the same with one credential for each run and system" in text
    assert "Measured 2026-11-30 10:04:05 EST (15:04:05 UTC)." in text
    assert "432,000 credential-seconds in a day." in text
    assert "counts 240, so 1,800 runs in a day would count the same." in text


def test_a_half_that_reached_nothing_says_so(shown):
    nothing = replace(
        SHORT, accepted=0, reachable={}, dead_after=0.0, seconds_at_risk_to_the_end=0.0, seconds_at_risk=0.0
    )
    page = shown(replace(MEASURED, runs=1, short_lived=nothing))
    rows = {row[0]: row[2] for row in page.rows}
    assert rows["Systems that accepted them"] == "0 of 5"
    assert rows["Rights they gave"] == "none"
    assert "would count the same" not in page.text
    assert "1 run with static keys" in page.text
