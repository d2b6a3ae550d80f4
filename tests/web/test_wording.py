"""How times, durations and texts are written."""

from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from app.web.display import instant, lasting, moment, plural, visible


def test_a_time_is_eastern_first_and_utc_behind():
    assert moment(datetime(2026, 7, 1, 18, 5, 9, tzinfo=UTC)) == (
        '<time datetime="2026-07-01T18:05:09Z"><span class="eastern">2026-07-01 14:05:09 EDT</span>'
        ' <span class="utc">(18:05:09 UTC)</span></time>'
    )


def test_the_utc_day_is_shown_if_it_differs():
    assert "2026-01-01 22:00:00 EST" in moment(datetime(2026, 1, 2, 3, 0, 0, tzinfo=UTC))
    assert "(2026-01-02 03:00:00 UTC)" in moment(datetime(2026, 1, 2, 3, 0, 0, tzinfo=UTC))


def test_instants_have_milliseconds():
    assert "14:05:09.120 EDT" in instant(datetime(2026, 7, 1, 18, 5, 9, 120_400, tzinfo=UTC))


def test_a_missing_time_reads_not_yet():
    assert "not yet" in moment(None)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0371, "0.04 s"),
        (59.6, "1 min"),
        (12.4, "12 s"),
        (900, "15 min"),
        (200, "3 min 20 s"),
        (7_260, "2 h 1 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_duration_is_shown_in_its_two_largest_units(seconds, written):
    assert lasting(timedelta(seconds=seconds)) == written


def test_what_was_written_after_the_page_asked_for_the_time_is_not_of_the_future():
    assert lasting(timedelta(milliseconds=-12)) == "0.00 s"
    assert lasting(timedelta(seconds=-3)) == "-3.00 s"  # a clock that is off is not hidden


def test_numbers_carry_their_noun():
    assert [plural(number, "run") for number in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]


def test_unseen_characters_are_shown_and_markup_is_left_alone():
    assert visible("a\x00b\u202ec\u200bd\ne") == "a�b�c�d\ne"
    assert visible(Markup("<b>\u200b</b>")) == Markup("<b>\u200b</b>")
    assert visible(7) == 7
