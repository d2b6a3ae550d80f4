"""Whether an action is ready to sign, and what keeps it from being so."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.credentials.tables import RunRow
from app.review.sign_off import Unsettled, exported, sign_off
from app.review.tables import ExportRecordRow

NOON = datetime(2026, 9, 14, 16, tzinfo=UTC)
NOTHING = {"blocking": 0, "advisory": 0, "unchecked": 0, "waiting": 0}


def run(state="completed", **more):
    return RunRow(run_id=uuid4(), job_id="A", state=state, requested_by="test", finished_at=NOON, **more)


def export(kind="contract-file.zip", after=1):
    return ExportRecordRow(kind=kind, at=NOON + timedelta(minutes=after))


def answer(*, newest=None, pulled=None, left=(), exports=()):
    return sign_off(
        newest=newest,
        pulled=pulled,
        left=Unsettled(**{**NOTHING, **dict(left)}),
        more=[exported(NOON if pulled else None, exports)],
    )


def test_a_completed_pull_with_nothing_open_is_ready():
    done = run()
    found = answer(newest=done, pulled=done, exports=[export()])
    assert found.ready
    assert all(point.done for point in found.checklist)


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        ({"blocking": 1}, "1 blocking flag not closed"),
        ({"blocking": 5}, "5 blocking flags not closed"),
        ({"unchecked": 2}, "2 checks not performed"),
        ({"waiting": 1}, "1 decision waits for a second officer"),
        ({"waiting": 3}, "3 decisions wait for a second officer"),
    ],
)
def test_each_open_point_keeps_it_from_being_ready(left, reason):
    done = run()
    found = answer(newest=done, pulled=done, left=left)
    assert (found.ready, found.reasons) == (False, [reason])


def test_advisory_flags_and_the_export_are_listed_but_not_required():
    done = run()
    found = answer(newest=done, pulled=done, left={"advisory": 2})
    assert found.ready
    assert [point.open_because for point in found.checklist if not point.done] == [
        "2 advisory flags not closed",
        "not exported since then",
    ]


@pytest.mark.parametrize(
    ("newest", "pulled", "reason"),
    [
        (None, None, "the records have not been pulled"),
        (run("requested"), run(), "a pull of the records is under way"),
        (run("dispatched"), None, "a pull of the records is under way"),
        (run("failed"), run(), "the newest pull of the records failed"),
        (run("failed", stop_requested_at=NOON), run(), "the newest pull of the records was stopped"),
        (run("failed"), None, "the newest pull of the records failed, and none was completed before"),
    ],
)
def test_a_pull_that_has_not_completed_never_reads_as_ready(newest, pulled, reason):
    found = answer(newest=newest, pulled=pulled, exports=[export()])
    assert (found.ready, found.reasons) == (False, [reason])


@pytest.mark.parametrize(
    ("exports", "filed"),
    [
        ([], False),
        ([export(after=-1)], False),
        ([export("answers/0")], False),
        ([export("answers/0"), export("contract-file.pdf")], True),
        ([export("contract-file.pdf", after=0)], True),
    ],
)
def test_only_an_export_of_the_whole_file_after_the_last_change_counts(exports, filed):
    done = run()
    assert answer(newest=done, pulled=done, exports=exports).checklist[-1].done is filed
