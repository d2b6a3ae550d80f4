"""The history of a finding in the printed contract file, with what earlier runs brought."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from app.contract_file.findings import standing
from app.contract_file.histories import chain_holds, event_fields, event_of
from app.contract_file.printed_history import history
from app.review.event_chain import digest
from app.review.flag_history import Decision
from app.review.flag_lineage import Stretch

RUN, EARLIER = UUID(int=51), UUID(int=52)


def carried(file):
    """The finding of `make_file`, whose events a flag of an earlier run had first."""
    (each,) = file.flags
    before, last = [], ""
    for event, _ in each.history:
        moved = replace(event, flag_id=EARLIER)
        before.append((moved, last := digest(moved, last)))
    own = []
    for event, _ in each.history:
        own.append((event, last := digest(event, last)))
    stretch = Stretch(
        flag_id=EARLIER, run_id=RUN, raised_at=each.flag.raised_at, version=2, carried=2, events=before
    )
    return replace(each, history=own, earlier=[stretch])


def test_what_was_carried_over_is_printed_with_its_run(make_file):
    each = carried(make_file())
    printed = str(list(history(each)))
    assert "Carried over from the finding of" in printed
    assert f"run {RUN}" in printed
    assert "is broken" not in printed
    assert chain_holds(each)


def test_a_changed_event_of_an_earlier_run_is_printed_as_such(make_file):
    each = carried(make_file())
    ((event, stored), *rest) = each.earlier[0].events
    changed = [(replace(event, rationale="Another."), stored), *rest]
    each = replace(each, earlier=[replace(each.earlier[0], events=changed)])
    assert f"broken: event 1 of the earlier finding {EARLIER} was changed" in str(list(history(each)))
    assert not chain_holds(each)
    # Without the earlier run, the first event of this one covers an unknown digest.
    assert "broken: event 1 was changed" in str(list(history(replace(each, earlier=[]))))


def referred(file, **referral):
    """The finding of `make_file`, referred by its one event."""
    (each,) = file.flags
    event = replace(each.history[0][0], decision=Decision.REFERRED, **referral)
    row = {"version": 1, "status": "referred", "decision": "referred", **referral}
    for name, value in row.items():
        setattr(each.flag, name, value)
    return replace(each, history=[(event, digest(event, ""))])


def test_a_referral_is_printed_with_its_office_and_day(make_file):
    each = referred(make_file(), office="Legal Counsel", due_on=date(2026, 12, 1))
    assert chain_holds(each)
    printed = str(list(history(each)))
    assert "to Legal Counsel" in printed
    assert "due 2026-12-01" in printed
    assert standing(each.flag) == "Referred to Legal Counsel, due 2026-12-01"
    fields = event_fields(*each.history[0])
    assert event_of(fields) == each.history[0]
    assert not chain_holds(
        replace(each, history=[(replace(each.history[0][0], office="x"), each.history[0][1])])
    )


def test_a_referral_of_an_earlier_version_is_printed_without_an_office(make_file):
    each = referred(make_file(), office=None, due_on=None)
    assert chain_holds(each)
    assert "office not named" in str(list(history(each)))
    assert standing(each.flag) == "Referred, office not named"
    fields = event_fields(*each.history[0])
    assert not {"office", "due_on"} & fields.keys()
    assert event_of(fields) == each.history[0]
