"""The history of a flag and the state that follows from it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.review.event_chain import digest, first_broken
from app.review.flag_history import (
    CLOSING,
    NEED_REFERENCE,
    Decision,
    Event,
    EventKind,
    ReviewError,
    State,
    Status,
    check,
    state_of,
)
from app.review.flag_lineage import state_follows

FLAG = UUID(int=1)
NOON = datetime(2026, 9, 14, 16, tzinfo=UTC)


def event(kind=EventKind.DECIDED, *, number=1, by="officer-a", **more):
    usual = {"rationale": "Looked at the page.", "reference": "P00003"}
    if kind is EventKind.DECIDED and more.get("decision") is Decision.REFERRED:
        usual |= {"office": "Legal Counsel", "due_on": date(2026, 9, 21)}
    return Event(
        event_id=uuid4(),
        flag_id=FLAG,
        number=number,
        kind=kind,
        by=by,
        by_name=by,
        at=NOON + timedelta(minutes=number),
        **{**usual, **more},
    )


@pytest.mark.parametrize(
    ("decision", "alone", "with_second"),
    [
        (Decision.CONFIRMED, Status.CONFIRMED, Status.CONFIRMED),
        (Decision.REFERRED, Status.REFERRED, Status.REFERRED),
        (Decision.NOT_A_DISCREPANCY, Status.CLOSED, Status.AWAITING_CONCURRENCE),
        (Decision.RESOLVED, Status.CLOSED, Status.AWAITING_CONCURRENCE),
        (Decision.ACCEPTED, Status.CLOSED, Status.AWAITING_CONCURRENCE),
    ],
)
def test_where_a_decision_leaves_a_flag(decision, alone, with_second):
    made = event(decision=decision)
    assert check(State(), made, needs_second=False).status is alone
    assert check(State(), made, needs_second=True).status is with_second


@pytest.mark.parametrize(
    ("decision", "wrong"),
    [
        (Decision.REFERRED, {"office": None}),
        (Decision.REFERRED, {"office": ""}),
        (Decision.REFERRED, {"due_on": None}),
        (Decision.CONFIRMED, {"office": "Legal Counsel"}),
        (Decision.CONFIRMED, {"due_on": date(2026, 9, 21)}),
    ],
)
def test_a_referral_and_nothing_else_names_an_office_and_a_day(decision, wrong):
    with pytest.raises(ReviewError, match="names an office and the day"):
        check(State(), event(decision=decision, **wrong), needs_second=False)


def test_a_referral_in_force_names_its_office_and_day_until_it_is_undone():
    referred = check(State(), event(decision=Decision.REFERRED), needs_second=False)
    assert (referred.office, referred.due_on) == ("Legal Counsel", date(2026, 9, 21))
    history = [referred.decided]
    row = {"status": "referred", "decision": "referred", "assignee": None}
    assert state_follows(history, **row, office="Legal Counsel", due_on=date(2026, 9, 21))
    assert not state_follows(history, **row, office="Finance Office", due_on=date(2026, 9, 21))
    assert not state_follows(history, **row, office="Legal Counsel", due_on=date(2026, 9, 22))
    assert not state_follows(history, **row)
    undone = check(referred, event(EventKind.UNDONE, number=2), needs_second=False)
    assert (undone.office, undone.due_on) == (None, None)


def test_the_digest_of_an_event_of_an_earlier_version_stays_and_covers_a_referral():
    made = replace(event(decision=Decision.CONFIRMED), event_id=UUID(int=2))
    assert digest(made, "") == "55e5887f8763e06868ea6ac5a016a2fd9e84084a4d88c21dc58ee31b0c0f6a91"
    referred = event(decision=Decision.REFERRED)
    for other in ({"office": "Finance Office"}, {"due_on": date(2026, 9, 22)}):
        assert digest(replace(referred, **other), "") != digest(referred, "")


def test_a_confirmed_flag_can_be_resolved_later():
    confirmed = check(State(), event(decision=Decision.CONFIRMED), needs_second=False)
    resolved = check(confirmed, event(number=2, decision=Decision.RESOLVED), needs_second=False)
    assert (resolved.status, resolved.version) == (Status.CLOSED, 2)


def test_a_second_person_concurs_or_declines():
    waiting = check(State(), event(decision=Decision.ACCEPTED), needs_second=True)
    with pytest.raises(ReviewError, match="second person"):
        check(waiting, event(EventKind.CONCURRED, number=2), needs_second=True)
    concurred = check(waiting, event(EventKind.CONCURRED, number=2, by="officer-b"), needs_second=True)
    assert concurred.status is Status.CLOSED
    assert concurred.concurred.by == "officer-b"
    declined = check(waiting, event(EventKind.DECLINED, number=2, by="officer-b"), needs_second=True)
    assert (declined.status, declined.decision) == (Status.OPEN, None)


def test_undoing_opens_the_flag_again_and_keeps_the_history():
    closed = check(State(), event(decision=Decision.RESOLVED), needs_second=False)
    undone = check(closed, event(EventKind.UNDONE, number=2, by="officer-b"), needs_second=False)
    assert (undone.status, undone.version) == (Status.OPEN, 2)
    with pytest.raises(ReviewError, match="no decision to undo"):
        check(undone, event(EventKind.UNDONE, number=3), needs_second=False)


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.ASSIGNED])
def test_everything_but_an_assignment_needs_a_reason(kind):
    with pytest.raises(ReviewError, match=r"reason|comment"):
        check(State(), event(kind, decision=Decision.CONFIRMED, rationale=" \n"), needs_second=False)


@pytest.mark.parametrize("decision", sorted(NEED_REFERENCE))
def test_a_resolution_names_the_document_it_rests_on(decision):
    with pytest.raises(ReviewError, match="document or determination"):
        check(State(), event(decision=decision, reference=" "), needs_second=False)


@pytest.mark.parametrize("decision", sorted(CLOSING))
def test_a_settled_flag_is_undone_before_it_is_decided_anew(decision):
    closed = check(State(), event(decision=decision), needs_second=False)
    with pytest.raises(ReviewError, match="already decided"):
        check(closed, event(number=2, decision=Decision.CONFIRMED), needs_second=False)


def test_assignments_leave_the_decision_alone():
    closed = check(State(), event(decision=Decision.RESOLVED), needs_second=False)
    assigned = check(
        closed, event(EventKind.ASSIGNED, number=2, assignee="officer-b", rationale=""), needs_second=False
    )
    assert (assigned.status, assigned.assignee, assigned.version) == (Status.CLOSED, "officer-b", 2)


def chain(events):
    made, previous = [], ""
    for each in events:
        previous = digest(each, previous)
        made.append((each, previous))
    return made


@given(st.integers(1, 8), st.data())
def test_any_tampering_shows_at_the_first_bad_event(length, data):
    whole = chain(event(number=n, decision=Decision.CONFIRMED) for n in range(1, length + 1))
    assert first_broken(whole, version=length) is None
    at = data.draw(st.integers(0, length - 1))
    edited = [*whole]
    edited[at] = (replace(whole[at][0], rationale="Something else."), whole[at][1])
    assert first_broken(edited, version=length) == at + 1
    without = [*whole[:at], *whole[at + 1 :]]
    assert first_broken(without, version=length) == at + 1


@given(st.lists(st.sampled_from(EventKind), max_size=6), st.booleans(), st.data())
def test_a_flags_state_follows_from_its_history(kinds, needs_second, data):
    history = [
        event(kind, number=number, decision=Decision.RESOLVED, assignee=f"officer-{number}")
        for number, kind in enumerate(kinds, start=1)
    ]
    state = state_of(history, needs_second=needs_second)
    row = {
        "status": state.status.value,
        "decision": state.decision.value if state.decision else None,
        "assignee": state.assignee,
    }
    assert state_follows(history, **row)
    wrong = data.draw(
        st.sampled_from([{"status": "gone"}, {"status": "referred"}, {"decision": "x"}, {"assignee": "x"}])
    )
    assert not state_follows(history, **row | wrong)


def test_a_flag_closed_without_an_event_or_second_officer_does_not_follow():
    nothing = {"decision": None, "assignee": None}
    assert state_follows([], status="open", **nothing)
    assert not state_follows([], status="closed", **nothing)
    resolved = [event(decision=Decision.RESOLVED)]
    either = {"decision": "resolved", "assignee": None}
    assert state_follows(resolved, status="closed", **either)
    assert state_follows(resolved, status="awaiting_concurrence", **either)
    assert not state_follows(resolved, status="open", **either)


@given(st.lists(st.sampled_from(EventKind)), st.booleans())
def test_only_a_decision_or_a_concurrence_ever_closes_a_flag(kinds, needs_second):
    state, closed_by = State(), None
    for number, kind in enumerate(kinds, start=1):
        made = event(kind, number=number, by=f"officer-{number}", decision=Decision.RESOLVED)
        try:
            after = check(state, made, needs_second=needs_second)
        except ReviewError:
            continue
        if after.status is Status.CLOSED and state.status is not Status.CLOSED:
            closed_by = kind
            assert kind is (EventKind.CONCURRED if needs_second else EventKind.DECIDED)
        state = after
    assert (state.status is Status.CLOSED) <= (closed_by is not None)


def test_a_history_gives_the_same_state_whenever_it_is_read():
    first = event(decision=Decision.NOT_A_DISCREPANCY)
    second = event(EventKind.CONCURRED, number=2, by="officer-b")
    third = event(EventKind.UNDONE, number=3)
    assert state_of([first, second], needs_second=True).status is Status.CLOSED
    assert state_of([first, second, third], needs_second=True).status is Status.OPEN
