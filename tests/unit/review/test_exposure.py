"""The figures of an exposure, counted second by second as a definition would have it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.review.queries.exposure import Exposure

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
LENGTH = 600


def exposure_of(lives):
    """The exposure of lives, each of so many seconds from a second on."""
    spans = sorted((began, began + length) for began, length in lives)
    touching = [(began, ended) for began, ended in spans if ended > 0 and began < LENGTH]
    return Exposure(
        since=SINCE,
        until=SINCE + timedelta(seconds=LENGTH),
        log_begins=SINCE,
        began=[float(began) for began, _ in touching],
        ended=[float(ended) for _, ended in touching],
    )


@given(lives=st.lists(st.tuples(st.integers(-100, LENGTH + 10), st.integers(0, 200)), max_size=12))
def test_each_figure_is_what_its_definition_says(lives):
    found = exposure_of(lives)
    spans = [(began, began + length) for began, length in lives]
    alive = [sum(began <= second < ended for began, ended in spans) for second in range(LENGTH)]
    assert found.seconds_at_risk == sum(alive)
    assert found.exposed == sum(number > 0 for number in alive)
    assert found.issued == sum(0 <= began < LENGTH and ended > 0 for began, ended in spans)
    assert found.most_by_part(timedelta(seconds=90)) == [
        max(alive[start : start + 90]) for start in range(0, LENGTH, 90)
    ]
    worst = SINCE + timedelta(seconds=alive.index(max(alive)))
    assert found.worst_moment == (worst if any(alive) else None)
    lengths = [ended - began for began, ended in spans if ended > 0 and began < LENGTH]
    assert found.longest == (timedelta(seconds=max(lengths)) if lengths else None)


def test_a_day_without_credentials_exposes_nothing():
    found = exposure_of([])
    assert (found.seconds_at_risk, found.exposed, found.worst_moment, found.longest) == (0, 0, None, None)
    assert (found.issued, found.most_by_part(timedelta(seconds=300))) == (0, [0, 0])
