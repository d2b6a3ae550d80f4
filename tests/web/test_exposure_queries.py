"""How long the record says that a credential lived, and which credentials it counts. The day is long before any other."""

from datetime import UTC, datetime, timedelta

import pytest

from app.procurement.federal_time import eastern, eastern_day
from app.procurement.systems import ISSUING_PATHS
from app.review.queries import Pages

SINCE, UNTIL = datetime(2001, 2, 3, tzinfo=UTC), datetime(2001, 2, 4, tzinfo=UTC)
KEY, USER, TOKEN = (
    "auth/token/create/contracts",
    "database/creds/ledger-reader",
    "identity/oidc/token/sam-gov",
)
#: What the vault issued: the path, the second of the day, the second of the confirmed end or None; and the second at which it
#: counts as dead, None if it is not of this day.
ISSUED = {
    "confirmed": (KEY, 100, 130.5, 130.5),
    "not confirmed": (USER, 200, None, 1_100),
    "confirmed long after the end of its TTL": (KEY, 300, 90_000, 1_200),
    "confirmed before its issue, by another clock": (KEY, 400, 399, 400),
    "signed": (TOKEN, 500, None, 620),
    "signed, and its run has ended": (TOKEN, 600, 601, 720),
    "from the day before": (KEY, -800, None, 100),
    "dead on the day before": (KEY, -850, -1, None),
    "dead as the day begins": (KEY, -900, None, None),
    "into the next day": (KEY, 86_399, None, 87_299),
    "of the next day": (KEY, 86_400, None, None),
    "of no tool": ("auth/token/create/other", 700, None, None),
}


def second(number):
    return None if number is None else SINCE + timedelta(seconds=number)


@pytest.fixture
def pages(system):
    """The queries, with these credentials in the record."""
    for name, (path, began, ended, _) in ISSUED.items():
        system.execute(
            "INSERT INTO vault_event (request_id, kind, path, at, ended_at) VALUES (%s, 'issued', %s, %s, %s)",
            *(name, path, second(began), second(ended)),
        )
    yield Pages(system.sessions)
    system.execute("DELETE FROM vault_event WHERE request_id = ANY(%s)", list(ISSUED))


def test_a_credential_is_dead_once_confirmed_and_at_the_end_of_its_time_at_the_latest(pages):
    found = {
        each.request_id: each for each in pages.lives(ISSUING_PATHS, SINCE, UNTIL - timedelta.resolution)
    }
    counted = {name: row for name, row in ISSUED.items() if row[3] is not None}
    assert found.keys() == counted.keys()
    for name, (path, began, ended, dead) in counted.items():
        life = found[name]
        assert (life.tool, life.began, life.ended) == (ISSUING_PATHS[path], second(began), second(dead)), name
        assert life.is_confirmed == (ended is not None and path != TOKEN), name


def test_the_figures_of_a_day_are_those_of_its_credentials(pages):
    found = pages.exposure(ISSUING_PATHS, SINCE, UNTIL)
    lives = pages.lives(ISSUING_PATHS, SINCE, UNTIL - timedelta.resolution)
    assert found.log_begins == second(-900)
    assert found.issued == 7
    assert found.seconds_at_risk == sum(each.within(SINCE, UNTIL) for each in lives)
    assert found.seconds_at_risk == 30.5 + 900 + 900 + 0 + 120 + 120 + 100 + 1
    assert found.exposed == 130.5 + 1_000 + 1
    assert found.worst_moment == second(600)
    assert found.longest == timedelta(minutes=15)
    assert found.most_by_part(timedelta(hours=12)) == [4, 1]


def test_what_is_held_at_a_moment_ends_with_what_dies_last(pages):
    held = [each.request_id for each in pages.lives(ISSUING_PATHS, second(600), second(600))]
    assert held == [
        "signed",
        "signed, and its run has ended",
        "not confirmed",
        "confirmed long after the end of its TTL",
    ]
    assert pages.lives(ISSUING_PATHS, second(1_200), second(1_200)) == []


def test_of_many_credentials_the_page_lists_those_that_died_last(system, signed_in, read):
    at = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=3_000)
    last = at + timedelta(seconds=60)
    system.execute(
        "INSERT INTO vault_event (request_id, kind, path, at) SELECT 'many ' || n, 'issued', %s, %s + n * interval '1 s'"
        " FROM generate_series(1, 60) AS n",
        *(TOKEN, at),
    )
    try:
        page = read(signed_in("operator-a"), f"/exposure?day={eastern_day(at)}&at={eastern(last):%H:%M:%S}")
    finally:
        system.execute("DELETE FROM vault_event WHERE request_id LIKE 'many %%'")
    assert "60 credentials for 1 system" in page.text
    assert "The 50 of 60 credentials that died last" in page.text
    listed = [row for row in page.rows if "at the end of its time at the latest" in row]
    assert len(listed) == 50
    assert listed[0][2].startswith(f"{eastern(at):%H}:00:11")
    assert listed[-1][2].startswith(f"{eastern(at):%H}:01:00")
