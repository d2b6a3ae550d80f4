"""The option --since."""

from datetime import UTC, datetime

import pytest

from app.cli.output import CommandError
from app.cli.points_in_time import moment_of

NOW = datetime(2026, 9, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (None, None),
        ("90m", datetime(2026, 9, 14, 10, 30, tzinfo=UTC)),
        ("2h", datetime(2026, 9, 14, 10, tzinfo=UTC)),
        ("3d", datetime(2026, 9, 11, 12, tzinfo=UTC)),
        # A day begins in Washington, D.C.: four hours after UTC in summer, five in winter.
        ("2026-09-14", datetime(2026, 9, 14, 4, tzinfo=UTC)),
        ("2026-01-14", datetime(2026, 1, 14, 5, tzinfo=UTC)),
        ("2026-09-14T08:00-04:00", NOW),
        ("2026-09-14T12:00Z", NOW),
    ],
)
def test_a_day_a_moment_or_a_length_of_time(text, moment):
    assert moment_of(text, NOW) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "0m",
        "-2h",
        "2w",
        "3651d",
        "9999999d",
        "99999999d",
        "2026-02-30",
        "1999-12-31",
        "2026-W37-1",
        "2026-09-14T08:00",
        "0001-01-01T00:00+14:00",
        "٣d",
    ],
)
def test_anything_else_is_refused_in_one_line(text):
    with pytest.raises(CommandError) as refused:
        moment_of(text, NOW)
    (line,) = refused.value.lines
    assert line.startswith(f"--since: {text!r} is not a day (2026-09-14), a moment with its offset")
    assert refused.value.exit_status == 2
