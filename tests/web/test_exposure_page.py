"""Exposure: what a thief could have held, recomputed from the vault's log alone."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.procurement.federal_time import eastern, eastern_day
from app.procurement.systems import ISSUING_PATHS
from app.review.queries import Pages, exposure

pytestmark = pytest.mark.whole_system

SIGNED, LONGEST = timedelta(minutes=2), timedelta(minutes=15)


@pytest.fixture
def operator(signed_in):
    return signed_in("operator-a")


@pytest.fixture
def done(system, until):
    """A run, and the times before and after it and all its ends."""
    since = datetime.now(UTC)
    (run_id,) = system.run(system.copy("ACT-2026-0012"))
    query = "SELECT path, ended_at FROM vault_event WHERE run_id = %s AND kind = 'issued'"

    def is_settled():
        rows = system.rows(query, run_id)
        return len(rows) == len(ISSUING_PATHS) and all(
            row["ended_at"] or row["path"].startswith("identity/") for row in rows
        )

    until(is_settled, what="the confirmation of all ends")
    return run_id, since, datetime.now(UTC)


def moment(line):
    """When the vault wrote a line, to the microsecond."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*Z", r"\1+00:00", line["time"]))


def lives_by_the_log(system, run_id):
    """From issue to the end of the run's token by the vault's log alone; of signed tokens, to their expiry."""
    answers = [
        line for line in system.audit_lines(run_id) if line["type"] == "response" and not line.get("error")
    ]
    (ended,) = [moment(line) for line in answers if line["request"]["path"] == "auth/token/revoke-self"]
    for line in answers:
        path = line["request"]["path"]
        if path in ISSUING_PATHS:
            began = moment(line)
            yield ISSUING_PATHS[path], began, began + SIGNED if path.startswith("identity/") else ended


def test_the_figures_agree_with_the_vaults_log_alone(system, done):
    run_id, since, until = done
    found = Pages(system.sessions).lives(ISSUING_PATHS, since, until + SIGNED)
    lives = {each.tool: each for each in found if each.run_id == run_id}
    by_log = list(lives_by_the_log(system, run_id))
    assert sorted(lives) == sorted(tool for tool, _, _ in by_log) == sorted(ISSUING_PATHS.values())
    for tool, began, ended in by_log:
        assert abs(lives[tool].began - began) < timedelta(milliseconds=1)
        # The record says when the death was confirmed, which is never before it.
        assert (
            timedelta(0) <= lives[tool].ended - ended + timedelta(milliseconds=1) < timedelta(seconds=10)
        ), tool
    total = sum((ended - began).total_seconds() for _, began, ended in by_log)
    counted = sum(each.length.total_seconds() for each in lives.values())
    assert total - 0.01 <= counted <= total + 10 * len(by_log)


def test_the_figures_of_a_day_are_those_of_its_credentials(system, done):
    _, since, until = done
    with system.sessions() as db:
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        found = exposure.exposure(db, ISSUING_PATHS, since, until)
        lives = exposure.lives(db, ISSUING_PATHS, since, until)
    assert found.issued == sum(each.began >= since for each in lives) >= len(ISSUING_PATHS)
    assert found.seconds_at_risk == pytest.approx(sum(each.within(since, until) for each in lives))
    assert found.longest == max(each.length for each in lives)
    held = [each for each in lives if each.began <= found.worst_moment < each.ended]
    assert len(held) == max(found.most_by_part(until - since))


def test_what_was_stolen_at_a_moment_is_shown_with_its_death(system, operator, read, done, until):
    run_id, _, _ = done
    (row,) = system.rows(
        "SELECT max(at) AS at FROM vault_event WHERE run_id = %s AND kind = 'issued'", run_id
    )
    at = row["at"].replace(microsecond=0) + timedelta(seconds=1)
    until(lambda: datetime.now(UTC) > at, what="the moment that is asked for")
    page = read(operator, f"/exposure?day={eastern_day(at)}&at={eastern(at):%H:%M:%S}")
    assert f"/runs/{run_id}" in page.links
    assert "entity:read" in page.text
    assert "at the end of its time at the latest" in page.text or "still alive" in page.text
    assert re.search(r"\d+ credentials? for \d systems?, the last one dead .* later\.", page.text)


def test_today_beside_static_keys(operator, read, done):
    page = read(operator, "/exposure?rotation=365")
    assert "5, the same all day" in page.text
    assert "up to 365 days" in page.text
    (share,) = re.findall(r"([\d.]+)% of it", page.text)
    assert float(share) > 0
    assert "until somebody notices" in read(operator, "/exposure?rotation=never").text
    assert "at=now" in " ".join(page.links)


def test_a_moment_before_the_log_is_said_to_be_unknown(operator, read, done):
    page = read(operator, "/exposure?day=2026-01-02&at=10:00")
    assert "Nothing can be said about this moment." in page.text
    assert "The vault’s record begins" in page.text


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("at=25:00", "at"),
        ("at=noon", "at"),
        ("at=10:61", "at"),
        ("at=23:59:59", "at"),
        ("rotation=7", "rotation"),
        ("day=x", "day"),
    ],
)
def test_what_is_no_moment_is_ignored_and_reported(operator, read, query, name):
    if "23:59" in query and eastern(datetime.now(UTC)).hour == 23:
        query = "at=24:00"
    page = read(operator, f"/exposure?{query}")
    (ignored,) = [part for part in page.all("div") if part.get("id") == "ignored"]
    assert ignored
    assert re.search(rf"ignored.*{name}", page.text)


def test_who_reviews_flags_does_not_see_it(client):
    assert client.get("/exposure").status_code == 403
