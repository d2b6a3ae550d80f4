"""Decisions on flags in the real database, and what the database enforces itself."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from app.connections.database import connect, sessions
from app.review.flag_history import Decision, EventKind, ReviewError, Status
from app.review.review_events import record
from app.review.reviews import Reviews, StaleError, UnknownFlagError

SECOND = frozenset({"E01", "F03"})


@pytest.fixture(scope="module")
def database(system):
    engine = connect(system.settings("web"), pool_size=4)
    yield sessions(engine)
    engine.dispose()


@pytest.fixture
def reviews(database):
    return Reviews(database, second_person=SECOND)


@pytest.fixture
def record_of(database):
    def read(flag_id):
        with database() as db:
            return record(db, flag_id)

    return read


@pytest.fixture
def flags(system):
    """Flags of a new run of an action with something wrong in every system."""
    (run,) = system.run("ACT-2026-0012")
    found = system.rows("SELECT * FROM flag WHERE run_id = %s ORDER BY rule, subject", run)
    assert found
    return found


def decide(reviews, flag, *, version=0, by="officer-a", decision=Decision.NOT_A_DISCREPANCY):
    return reviews.add(
        flag["flag_id"],
        version=version,
        kind=EventKind.DECIDED,
        by=by,
        by_name=by.title(),
        decision=decision,
        rationale="The page was read by hand.",
        reference="DOC-1",
    )


def row(system, flag):
    return system.rows("SELECT * FROM flag WHERE flag_id = %s", flag["flag_id"])[0]


def test_a_decision_is_an_event_and_the_flag_shows_it(system, reviews, flags, record_of):
    flag = next(each for each in flags if each["rule"] not in SECOND)
    state = decide(reviews, flag)
    assert (state.status, state.version) == (Status.CLOSED, 1)
    stored = row(system, flag)
    assert (stored["status"], stored["decision"], stored["version"]) == ("closed", "not_a_discrepancy", 1)
    (event,) = record_of(flag["flag_id"]).history
    assert (event.by, event.rationale) == ("officer-a", "The page was read by hand.")
    undone = reviews.add(
        flag["flag_id"],
        version=1,
        kind=EventKind.UNDONE,
        by="officer-b",
        by_name="B",
        rationale="Too early.",
    )
    assert (undone.status, len(record_of(flag["flag_id"]).history)) == (Status.OPEN, 2)
    assert record_of(flag["flag_id"]).broken is None


def test_of_two_officers_at_once_one_wins_and_the_other_learns_who(reviews, flags, record_of):
    gate = Barrier(2)

    def officer(name):
        gate.wait(timeout=10)
        try:
            return decide(reviews, flags[0], by=name, decision=Decision.CONFIRMED)
        except StaleError as stale:
            return stale

    with ThreadPoolExecutor(2) as pool:
        results = dict(
            zip(("officer-a", "officer-b"), pool.map(officer, ("officer-a", "officer-b")), strict=True)
        )
    losers = {name: each for name, each in results.items() if isinstance(each, StaleError)}
    assert len(losers) == 1
    ((loser, stale),) = losers.items()
    assert stale.event.by == ({"officer-a", "officer-b"} - {loser}).pop()
    assert stale.state.status is Status.CONFIRMED
    assert len(record_of(flags[0]["flag_id"]).history) == 1


def test_a_decision_waits_for_a_second_officer_even_after_the_setting_changes(database, reviews, flags):
    flag = next(each for each in flags if each["rule"] in SECOND)
    decide(reviews, flag)
    changed = Reviews(database)
    assert changed.state(flag["flag_id"]).status is Status.AWAITING_CONCURRENCE
    own = {"by": "officer-a", "by_name": "A", "rationale": "Yes."}
    given = changed.add(flag["flag_id"], version=1, kind=EventKind.ASSIGNED, assignee="officer-b", **own)
    assert given.status is Status.AWAITING_CONCURRENCE
    with pytest.raises(ReviewError, match="A second person must concur"):
        changed.add(flag["flag_id"], version=2, kind=EventKind.CONCURRED, **own)
    with pytest.raises(ReviewError, match="already decided"):
        decide(changed, flag, version=2)
    others = {**own, "by": "officer-b"}
    done = changed.add(flag["flag_id"], version=2, kind=EventKind.CONCURRED, **others)
    assert (done.status, done.concurred.by) == (Status.CLOSED, "officer-b")
    assert reviews.state(flag["flag_id"]) == done


def test_a_flag_one_officer_closed_stays_closed_when_its_rule_later_needs_two(database, flags):
    flag = next(each for each in flags if each["rule"] in SECOND)
    decide(Reviews(database), flag)
    changed = Reviews(database, second_person=SECOND)
    assert changed.state(flag["flag_id"]).status is Status.CLOSED


def test_a_refused_review_stores_nothing(system, reviews, flags):
    with pytest.raises(ReviewError):
        reviews.add(
            flags[0]["flag_id"],
            version=0,
            kind=EventKind.CONCURRED,
            by="b",
            by_name="B",
            rationale="x",
        )
    with pytest.raises(UnknownFlagError):
        reviews.state(flags[0]["run_id"])
    assert row(system, flags[0])["version"] == 0


def test_the_same_fact_comes_back_answered_but_open(system, reviews, flags):
    flag = next(each for each in flags if each["rule"] not in SECOND)
    decide(reviews, flag)
    system.run(flag["action_id"])
    again = system.rows(
        "SELECT * FROM flag WHERE action_id = %s AND current AND rule = %s AND subject = %s",
        *(flag["action_id"], flag["rule"], flag["subject"]),
    )
    assert [(each["answered_by"], each["status"]) for each in again] == [(flag["flag_id"], "open")]
    assert not row(system, flag)["current"]


def test_a_flag_knows_its_action_and_its_systems(system, flags):
    (action,) = system.rows("SELECT * FROM action WHERE action_id = %s", flags[0]["action_id"])
    for flag in flags:
        assert flag["current"]
        assert flag["action_type"] == action["action_type"]
        assert set(flag["vendors"]) == {vendor["name"] for vendor in action["vendors"]}
        stated = system.rows("SELECT DISTINCT source FROM compared_value WHERE flag_id = %s", flag["flag_id"])
        assert set(flag["systems"]) == {each["source"] for each in stated} - {"action"}
    word = action["vendors"][0]["name"].split()[0]
    hits = system.rows(
        "SELECT count(*) AS n FROM flag WHERE run_id = %s AND search @@ plainto_tsquery('simple', %s)",
        *(flags[0]["run_id"], word),
    )
    assert hits[0]["n"] == len(flags)


@pytest.fixture
def tampered(system):
    """Flags to tamper with, of a new action: what is done to them shows on every later flag of their facts."""
    (run,) = system.run(system.copy("ACT-2026-0010"))
    return system.rows("SELECT * FROM flag WHERE run_id = %s", run)


def test_a_tampered_event_is_named(system, reviews, tampered, record_of):
    decide(reviews, tampered[0], decision=Decision.CONFIRMED)
    system.execute("UPDATE review_event SET rationale = 'another' WHERE flag_id = %s", tampered[0]["flag_id"])
    assert record_of(tampered[0]["flag_id"]).broken == 1
    system.execute("DELETE FROM review_event WHERE flag_id = %s", tampered[0]["flag_id"])
    assert record_of(tampered[0]["flag_id"]).broken == 1


def test_a_tampered_state_is_noticed(system, reviews, tampered, record_of):
    flag = tampered[0]["flag_id"]
    decide(reviews, tampered[0], decision=Decision.CONFIRMED)
    assert record_of(flag).state_holds
    system.execute("UPDATE flag SET status = 'closed' WHERE flag_id = %s", flag)
    assert (record_of(flag).state_holds, record_of(flag).broken) == (False, None)


TODAY = "(now() AT TIME ZONE 'America/New_York')::date"
EVENT = (
    "INSERT INTO review_event (event_id, flag_id, number, kind, by, by_name, at, decision, rationale, digest, office,"
    " due_on) SELECT gen_random_uuid(), flag_id, version + 1, {0}, 'x', 'X', now(), {1}, 'x', 'x', {2}, {3}"
    " FROM flag WHERE flag_id = %(flag)s"
)
DECIDED = "'decided'", "'referred'"


@pytest.mark.parametrize(
    "statement",
    [
        EVENT.format(*DECIDED, "NULL", "NULL"),
        EVENT.format(*DECIDED, "'Legal Counsel'", "NULL"),
        EVENT.format(*DECIDED, "NULL", TODAY),
        EVENT.format(*DECIDED, "''", TODAY),
        EVENT.format(*DECIDED, "' Legal Counsel'", TODAY),
        EVENT.format(*DECIDED, "repeat('x', 101)", TODAY),
        EVENT.format(*DECIDED, "'Legal Counsel'", f"{TODAY} - 1"),
        EVENT.format(*DECIDED, "'Legal Counsel'", f"{TODAY} + 367"),
        EVENT.format("'decided'", "'confirmed'", "'Legal Counsel'", TODAY),
        EVENT.format("'commented'", "NULL", "'Legal Counsel'", TODAY),
        EVENT.format("'assigned'", "'referred'", "'Legal Counsel'", TODAY),
    ],
)
def test_the_database_takes_no_referral_without_an_office_and_a_day_ahead(system, flags, statement):
    engine = connect(system.settings("web"), pool_size=1)
    try:
        with engine.begin() as db:
            db.exec_driver_sql(
                EVENT.format(*DECIDED, "'Legal Counsel'", TODAY), {"flag": flags[0]["flag_id"]}
            )
            db.rollback()
        with pytest.raises(IntegrityError) as refused, engine.begin() as db:
            db.exec_driver_sql(statement, {"flag": flags[0]["flag_id"]})
        assert isinstance(refused.value.orig, psycopg.errors.CheckViolation)
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE flag SET office = 'Legal Counsel', due_on = current_date WHERE flag_id = %(flag)s",
        "UPDATE flag SET office = 'Legal Counsel', due_on = current_date, status = 'referred', decision = 'referred' WHERE flag_id = %(flag)s",
        "UPDATE flag SET office = 'Legal Counsel', due_on = current_date, status = 'referred', decision = 'referred', version = 1 WHERE flag_id = %(flag)s",
    ],
)
def test_a_flag_is_referred_by_an_event_only(system, flags, change):
    engine = connect(system.settings("web"), pool_size=1)
    try:
        with pytest.raises(DBAPIError) as refused, engine.begin() as db:
            db.exec_driver_sql(change, {"flag": flags[0]["flag_id"]})
        kinds = (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)
        assert isinstance(refused.value.orig, kinds)
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("process", "statement"),
    [
        ("web", "UPDATE flag SET open_since = now()"),
        ("web", "UPDATE draft SET owner = 'officer-b'"),
        (
            "web",
            "INSERT INTO draft (owner, flag_id, version, fields, saved_at) VALUES ('x', NULL, 0, '{}', now())",
        ),
        ("worker", "SELECT 1 FROM draft"),
        ("worker", "INSERT INTO flag (office) VALUES ('x')"),
        ("dispatcher", "SELECT 1 FROM draft"),
        ("web", "UPDATE review_event SET rationale = ''"),
        ("web", "DELETE FROM review_event"),
        ("web", "UPDATE flag SET severity = 'advisory'"),
        ("web", "DELETE FROM flag"),
        ("web", "INSERT INTO answer (call_id, body) SELECT call_id, '' FROM call"),
        ("web", "UPDATE web_session SET subject = 'officer-b'"),
        ("web", "UPDATE web_session SET roles = '{officer}'"),
        ("web", "UPDATE web_session SET created_at = now()"),
        ("worker", "SELECT decision FROM flag"),
        ("worker", "SELECT 1 FROM review_event"),
        ("worker", "INSERT INTO review_event (number) VALUES (1)"),
        ("worker", "INSERT INTO flag (status) VALUES ('closed')"),
        ("worker", "UPDATE flag SET status = 'closed'"),
        ("worker", "SELECT body FROM answer"),
        ("worker", "DELETE FROM credential"),
        ("worker", "DELETE FROM attempt"),
        ("dispatcher", "SELECT 1 FROM review_event"),
        ("dispatcher", "SELECT 1 FROM flag"),
        ("dispatcher", "SELECT 1 FROM evidence"),
        ("dispatcher", "SELECT body FROM answer"),
    ],
)
def test_each_login_can_do_its_part_and_no_more(system, process, statement):
    engine = connect(system.settings(process), pool_size=1)
    try:
        with pytest.raises(ProgrammingError) as refused, engine.begin() as db:
            db.exec_driver_sql(statement)
        assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
    finally:
        engine.dispose()


def test_raw_answers_are_kept_as_they_came(system, flags):
    rows = system.rows(
        "SELECT call.answer_digest, encode(sha256(answer.body), 'hex') AS digest, call.answer_bytes,"
        " length(answer.body) AS bytes FROM call JOIN answer USING (call_id) WHERE call.run_id = %s",
        flags[0]["run_id"],
    )
    assert rows
    assert all(
        (each["digest"], each["bytes"]) == (each["answer_digest"], each["answer_bytes"]) for each in rows
    )
