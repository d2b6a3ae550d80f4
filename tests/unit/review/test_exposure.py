"""The figures of an exposure, counted second by second as a definition would have it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.review.queries.exposure import CredentialLife, Exposure

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
LENGTH = 600
SECONDS = [SINCE + timedelta(seconds=number) for number in range(LENGTH)]


def life(began, length):
    start = SINCE + timedelta(seconds=began)
    return CredentialLife(
        tool="ledger",
        began=start,
        ended=start + timedelta(seconds=length),
        is_confirmed=True,
        run_id=None,
        request_id=f"{began} {length}",
    )


def exposure_of(lives):
    touching = [each for each in lives if each.ended > SINCE and each.began < SECONDS[-1]]
    return Exposure(
        since=SINCE,
        until=SINCE + timedelta(seconds=LENGTH),
        log_begins=SINCE,
        lives=sorted(touching, key=lambda each: each.began),
    )


LIVES = st.lists(st.builds(life, st.integers(-100, LENGTH), st.integers(0, 200)), max_size=12)


@given(lives=LIVES)
def test_each_figure_is_what_its_definition_says(lives):
    found = exposure_of(lives)
    alive = [sum(each.began <= second < each.ended for each in found.lives) for second in SECONDS]
    assert found.seconds_at_risk == sum(alive)
    assert found.exposed == sum(number > 0 for number in alive)
    assert found.most_by_part(timedelta(seconds=90)) == [
        max(alive[start : start + 90]) for start in range(0, LENGTH, 90)
    ]
    if any(alive):
        assert len(found.held_at(found.worst_moment)) == max(alive)
    else:
        assert found.worst_moment is None


@given(lives=LIVES, second=st.integers(0, LENGTH - 1))
def test_what_is_held_at_a_moment_ends_with_what_dies_last(lives, second):
    found = exposure_of(lives)
    held = found.held_at(SECONDS[second])
    assert [each for each in found.lives if each in held] == [
        each for each in found.lives if each.began <= SECONDS[second] < each.ended
    ]
    assert [each.ended for each in held] == sorted(each.ended for each in held)


def test_a_day_without_credentials_exposes_nothing():
    found = exposure_of([])
    assert (found.seconds_at_risk, found.exposed, found.worst_moment, found.longest) == (0, 0, None, None)
    assert (found.issued, found.held_at(SINCE)) == ({}, [])
