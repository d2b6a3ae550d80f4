"""What officers did about a fact after a later run of the same action, in the real database."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlmodel import col

from app.connections.database import connect, sessions
from app.procurement.federal_time import eastern_day
from app.review.event_chain import digest
from app.review.flag_history import Decision, EventKind, ReviewError, Status
from app.review.flag_lineage import Broken, begins, comments
from app.review.queries.changes import changes_since
from app.review.review_events import decided_before, record
from app.review.reviews import Reviews, StaleError
from app.store.tables import ComparedValueRow, FlagRow

REFERRAL = {"office": "Legal Counsel", "due_on": eastern_day(datetime.now(UTC)) + timedelta(days=7)}
SECOND = frozenset({"E01", "F03"})
CLOSINGS = (Decision.NOT_A_DISCREPANCY, Decision.RESOLVED, Decision.ACCEPTED)


@pytest.fixture(scope="module")
def database(system):
    engine = connect(system.settings("web"), pool_size=8)
    yield sessions(engine)
    engine.dispose()


@pytest.fixture
def reviews(database):
    return Reviews(database, second_person=SECOND)


@pytest.fixture
def add(reviews):
    """Add an event: `add(flag, kind, version=…, by=…, …)`."""

    def made(flag, kind, *, version=0, by="officer-a", **more):
        usual = {"rationale": "The page was read by hand.", "reference": "DOC-1"}
        if kind is EventKind.ASSIGNED:
            usual = {}
        if more.get("decision") is Decision.REFERRED:
            usual |= REFERRAL
        return reviews.add(
            flag["flag_id"], version=version, kind=kind, by=by, by_name=by.title(), **usual | more
        )

    return made


@pytest.fixture
def record_of(database):
    def read(flag):
        with database() as db:
            return record(db, flag["flag_id"])

    return read


@pytest.fixture
def flag(unlike):
    """A flag of a new action that one officer can close."""
    return unlike(SECOND)


@pytest.fixture
def unlike(system):
    """A flag of a new action under none of these rules."""

    def made(rules):
        system.run(action := system.copy("ACT-2026-0012"))
        rows = system.rows(
            "SELECT * FROM flag WHERE action_id = %s AND current ORDER BY rule, subject", action
        )
        return next(row for row in rows if row["rule"] not in rules)

    return made


@pytest.fixture
def again(system):
    """The flag on the same fact after one more run of the action."""

    def made(flag):
        system.run(flag["action_id"])
        (found,) = system.rows(
            "SELECT * FROM flag WHERE action_id = %s AND current AND rule = %s AND subject = %s",
            *(flag["action_id"], flag["rule"], flag["subject"]),
        )
        assert found["previous"] == flag["flag_id"]
        return found

    return made


def held(row):
    return tuple(row[name] for name in ("status", "decision", "assignee", "answered_by"))


def test_an_assignment_carries_over(add, again, record_of, flag):
    add(flag, EventKind.ASSIGNED, assignee="officer-b")
    after = again(flag)
    assert (after["assignee"], after["status"], after["carried_version"]) == ("officer-b", "open", 1)
    assert record_of(after).state_holds
    assert again(after)["assignee"] == "officer-b"


@pytest.mark.parametrize("decision", [Decision.CONFIRMED, Decision.REFERRED])
def test_a_decision_that_needs_action_stays_in_force(add, again, record_of, flag, decision):
    add(flag, EventKind.DECIDED, decision=decision)
    after = again(again(flag))
    assert held(after) == (decision.value, decision.value, None, None)
    state, _ = begins(record_of(after).earlier)
    assert (state.version, state.decided.flag_id, state.decided.rationale) == (
        0,
        flag["flag_id"],
        "The page was read by hand.",
    )
    found = record_of(after)
    assert (found.state_holds, found.broken) == (True, None)
    office, due_on = REFERRAL.values() if decision is Decision.REFERRED else (None, None)
    assert (after["office"], after["due_on"]) == (state.office, state.due_on) == (office, due_on)
    undone = add(after, EventKind.UNDONE)
    assert (undone.status, undone.version) == (Status.OPEN, 1)
    last = again(after)
    assert held(last) == ("open", None, None, None)
    assert (last["office"], last["due_on"]) == (None, None)


@pytest.mark.parametrize("decision", Decision)
def test_whatever_was_decided_a_later_run_keeps_assignee_comments_and_age(
    add, again, record_of, flag, decision
):
    add(flag, EventKind.ASSIGNED, assignee="officer-b")
    add(flag, EventKind.COMMENTED, version=1, rationale="Called them.")
    add(flag, EventKind.DECIDED, version=2, decision=decision)
    after = again(flag)
    assert (after["assignee"], after["carried_version"], after["version"]) == ("officer-b", 3, 0)
    assert [event.rationale for _, event in comments(record_of(after).earlier)] == ["Called them."]
    assert record_of(after).state_holds
    # What was closed is open anew; all else has been open all the time.
    closed = decision in CLOSINGS
    assert after["open_since"] == (after["raised_at"] if closed else flag["raised_at"])
    assert again(after)["open_since"] == after["open_since"]
    kept = decision.value if not closed else None
    assert (after["decision"], after["answered_by"]) == (kept, flag["flag_id"] if closed else None)


def test_a_referral_to_another_office_replaces_the_one_carried_over(add, again, record_of, flag):
    add(flag, EventKind.DECIDED, decision=Decision.REFERRED)
    after = again(flag)
    later = {"office": "Finance Office", "due_on": REFERRAL["due_on"] + timedelta(days=7)}
    add(after, EventKind.DECIDED, decision=Decision.REFERRED, **later)
    last = again(after)
    assert (last["office"], last["due_on"]) == tuple(later.values())
    state, _ = begins(record_of(last).earlier)
    assert state.decided.flag_id == after["flag_id"]
    add(last, EventKind.DECIDED, decision=Decision.CONFIRMED)
    final = again(last)
    assert (final["status"], final["office"], final["due_on"]) == ("confirmed", None, None)
    assert record_of(final).state_holds


def test_a_referral_of_an_earlier_version_stays_readable_and_carries_over(
    system, add, again, record_of, flag
):
    add(flag, EventKind.DECIDED, decision=Decision.REFERRED)
    (event,) = record_of(flag).history
    earlier = replace(event, office=None, due_on=None)
    name = "referral_names_office_and_day"
    with system.stack.services.database.connect("triage") as old:
        old.execute("SET session_replication_role = replica")
        (rule,) = old.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
        ).fetchone()
        old.execute(f"ALTER TABLE review_event DROP CONSTRAINT {name}")
        old.execute(
            "UPDATE review_event SET office = NULL, due_on = NULL, digest = %s WHERE flag_id = %s",
            [digest(earlier, ""), flag["flag_id"]],
        )
        old.execute("UPDATE flag SET office = NULL, due_on = NULL WHERE flag_id = %s", [flag["flag_id"]])
        old.execute(f"ALTER TABLE review_event ADD CONSTRAINT {name} {rule}")
    assert record_of(flag).history == [earlier]
    assert (record_of(flag).broken, record_of(flag).state_holds) == (None, True)
    after = again(flag)
    assert (after["status"], after["office"], record_of(after).state_holds) == ("referred", None, True)
    with pytest.raises(ReviewError, match="names an office"):
        add(after, EventKind.DECIDED, decision=Decision.REFERRED, office=None)


@pytest.mark.parametrize("decision", CLOSINGS)
def test_a_closed_flag_comes_back_open_with_the_decision_to_record_again(
    database, add, again, flag, decision
):
    add(flag, EventKind.DECIDED, decision=decision)
    after = flag
    for _ in range(2):  # also if nobody recorded it again
        after = again(after)
        assert held(after) == ("open", None, None, flag["flag_id"])
    with database() as db:
        row = db.get(FlagRow, after["flag_id"])
        found = record(db, after["flag_id"])
        first, event = decided_before(db, row, found.earlier)[0]
    assert found.state_holds
    assert (first.flag_id, event.decision, event.reference) == (flag["flag_id"], decision, "DOC-1")


def test_a_decision_that_awaits_concurrence_comes_back_to_be_recorded_again(system, add, again, unlike):
    rules = [row["rule"] for row in system.rows("SELECT DISTINCT rule FROM flag")]
    flag = unlike([rule for rule in rules if rule not in SECOND])
    waiting = add(flag, EventKind.DECIDED, decision=Decision.ACCEPTED)
    assert waiting.status is Status.AWAITING_CONCURRENCE
    after = again(flag)
    assert held(after) == ("open", None, None, flag["flag_id"])
    same = add(after, EventKind.DECIDED, decision=Decision.ACCEPTED)
    assert same.status is Status.AWAITING_CONCURRENCE
    assert add(after, EventKind.CONCURRED, version=1, by="officer-b").status is Status.CLOSED
    assert held(again(after))[3] == after["flag_id"]


def test_an_undone_decision_stays_undone(add, again, record_of, flag):
    add(flag, EventKind.DECIDED, decision=Decision.NOT_A_DISCREPANCY)
    add(flag, EventKind.UNDONE, version=1)
    after = again(flag)
    assert held(after) == ("open", None, None, None)
    assert len(record_of(after).earlier[0].events) == 2


def test_comments_of_earlier_runs_are_known_with_their_run(add, again, record_of, flag):
    add(flag, EventKind.COMMENTED, rationale="First.")
    between = again(flag)
    add(between, EventKind.COMMENTED, rationale="Second.")
    after = again(between)
    # One on a flag that is already of the past is not lost either.
    add(flag, EventKind.COMMENTED, version=1, rationale="Late.")
    found = [(stretch.run_id, event.rationale) for stretch, event in comments(record_of(after).earlier)]
    assert found == [
        (flag["run_id"], "First."),
        (flag["run_id"], "Late."),
        (between["run_id"], "Second."),
    ]
    assert record_of(after).broken is None
    assert held(after)[:3] == ("open", None, None)


def test_changing_an_event_of_an_earlier_run_is_found_from_the_newest_flag(
    system, add, again, record_of, flag
):
    add(flag, EventKind.DECIDED, decision=Decision.CONFIRMED)
    after = again(again(flag))
    add(after, EventKind.COMMENTED, rationale="Still so.")
    assert record_of(after).break_in is None
    system.execute("UPDATE review_event SET rationale = 'another' WHERE flag_id = %s", flag["flag_id"])
    assert record_of(after).break_in == Broken(flag_id=flag["flag_id"], number=1)
    system.execute("DELETE FROM review_event WHERE flag_id = %s", flag["flag_id"])
    assert record_of(after).break_in == Broken(flag_id=flag["flag_id"], number=1)
    assert not record_of(after).state_holds


def test_what_changed_is_stated_by_label(system, database, again, flag):
    after = again(flag)
    with database() as db:
        row = db.get(FlagRow, after["flag_id"])
        values = list(
            db.scalars(
                select(ComparedValueRow)
                .where(col(ComparedValueRow.flag_id) == after["flag_id"])
                .order_by(col(ComparedValueRow.position))
            )
        )
        assert changes_since(db, row, values).changes == []
        system.execute(
            "UPDATE compared_value SET value = 'other' WHERE flag_id = %s AND position = 0", flag["flag_id"]
        )
        system.execute("UPDATE flag SET severity = 'blocking' WHERE flag_id = %s", flag["flag_id"])
        severity, changed, *_ = changes_since(db, row, values).changes
        assert (severity.label, severity.before, severity.now) == ("severity", "blocking", flag["severity"])
        assert "other" in changed.before
        assert values[0].value in changed.now
        assert changes_since(db, db.get(FlagRow, flag["flag_id"]), values) is None


def test_two_comments_at_once_are_stored_in_order(add, record_of, flag):
    def comment(name):
        gate.wait(timeout=10)
        return add(flag, EventKind.COMMENTED, by=name, rationale=f"Of {name}.").version

    names, gate = [f"officer-{number}" for number in range(6)], Barrier(6)
    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(comment, names)) == [1, 2, 3, 4, 5, 6]
    found = record_of(flag)
    assert {event.rationale for event in found.history} == {f"Of {name}." for name in names}
    assert (found.broken, found.state_holds) == (None, True)


def test_a_comment_sent_again_is_stored_once(add, record_of, flag):
    for _ in range(2):
        add(flag, EventKind.COMMENTED, rationale="Once. ")
    assert len(record_of(flag).history) == 1
    assert add(flag, EventKind.COMMENTED, version=1, rationale="Once.").version == 2  # meant again
    with pytest.raises(StaleError):
        add(flag, EventKind.COMMENTED, version=7)


@pytest.mark.parametrize("kind", [EventKind.COMMENTED, EventKind.ASSIGNED, EventKind.DECIDED])
def test_of_what_many_officers_do_at_once_nothing_is_lost_and_numbers_have_no_gap(
    add, record_of, system, flag, kind
):
    officers = [f"officer-{letter}" for letter in "abcdef"]
    gate = Barrier(len(officers))

    def act(officer):
        more = {
            EventKind.COMMENTED: {"rationale": f"Of {officer}."},
            EventKind.ASSIGNED: {"assignee": officer},
            EventKind.DECIDED: {"decision": Decision.REFERRED, "rationale": f"Of {officer}."},
        }[kind]
        gate.wait(timeout=10)
        try:
            return add(flag, kind, by=officer, **more)
        except StaleError as stale:
            return stale

    with ThreadPoolExecutor(len(officers)) as pool:
        results = dict(zip(officers, pool.map(act, officers), strict=True))
    found = record_of(flag)
    stored = {event.by for event in found.history}
    won = {name for name, result in results.items() if not isinstance(result, StaleError)}
    assert won == stored
    assert len(won) == (len(officers) if kind is EventKind.COMMENTED else 1)
    assert [event.number for event in found.history] == list(range(1, len(won) + 1))
    assert (found.broken, found.state_holds) == (None, True)
    for result in results.values():
        if isinstance(result, StaleError):
            assert {result.event.by} == won
    (row,) = system.rows("SELECT version FROM flag WHERE flag_id = %s", flag["flag_id"])
    assert row["version"] == len(won)


def test_the_same_decision_sent_twice_at_once_is_stored_once(add, record_of, flag):
    gate = Barrier(4)

    def send(_):
        gate.wait(timeout=10)
        return add(flag, EventKind.DECIDED, decision=Decision.REFERRED)

    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(send, range(4)))
    assert {state.version for state in states} == {1}
    assert len(record_of(flag).history) == 1


@pytest.mark.parametrize(
    "acts",
    [
        ((EventKind.ASSIGNED, {"assignee": "officer-a"}), (EventKind.ASSIGNED, {"assignee": "officer-b"})),
        ((EventKind.DECIDED, {"decision": Decision.CONFIRMED}), (EventKind.ASSIGNED, {"assignee": "officer-b"})),
        ((EventKind.DECIDED, {"decision": Decision.CONFIRMED}), (EventKind.DECIDED, {"decision": Decision.REFERRED})),
    ],
)  # fmt: skip
def test_of_two_acts_at_once_one_conflicts_and_a_comment_does_not(add, record_of, flag, acts):
    gate = Barrier(3)

    def officer(act):
        kind, more = act
        gate.wait(timeout=10)
        with suppress(StaleError):
            return add(flag, kind, **more)

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(officer, (*acts, (EventKind.COMMENTED, {"rationale": "Seen."}))))
    # A comment that came first makes both conflict: they were decided without having read it.
    kinds = [event.kind for event in record_of(flag).history]
    assert results[2] is not None
    assert kinds.count(EventKind.COMMENTED) == 1
    assert sum(result is not None for result in results[:2]) == (0 if kinds[0] is EventKind.COMMENTED else 1)
    assert record_of(flag).broken is None


def test_a_decision_at_the_moment_of_a_later_run_is_carried_or_still_known(
    add, again, record_of, database, flag
):
    with ThreadPoolExecutor(1) as pool:
        decided = pool.submit(add, flag, EventKind.DECIDED, decision=Decision.CONFIRMED)
        after = again(flag)
        decided.result(timeout=30)
    with database() as db:
        row = db.get(FlagRow, after["flag_id"])
        before = decided_before(db, row, record(db, row.flag_id).earlier)
    assert before[0][0].flag_id == flag["flag_id"]
    assert after["status"] == ("confirmed" if after["carried_version"] else "open")
    assert record_of(after).state_holds
