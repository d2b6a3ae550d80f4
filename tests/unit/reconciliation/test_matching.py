"""The comparison of the three sides: what fits leaves nothing over, and each seed, alone or with others, is found."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import UUID

import pytest

from app.reconciliation.clocks import FirstUse
from app.reconciliation.joined_uses import unproven
from app.reconciliation.leftover_kinds import (
    CONTRADICTED,
    ISSUED_ONLY,
    NEVER_SEEN,
    RECORDED_ONLY,
    USED_ELSEWHERE,
    USED_LATE,
    USED_MORE,
    USED_ONLY,
)
from app.reconciliation.matching import leftovers
from app.reconciliation.sides import Issued, KnownAttempt, Recorded, Sides, Used
from app.reconciliation.verdict import Reconciliation, Verdict
from app.reconciliation.worker_places import SeenPlace

RUN, OTHER = UUID(int=1), UUID(int=2)
BEGAN = datetime(2026, 11, 29, 12, tzinfo=UTC)
ENDED = BEGAN + timedelta(seconds=3)
HOME = "10.0.0.7"
SYSTEMS = ("token-shop", "key-shop", "base")


def issued(number: int, system: str) -> Issued:
    kind = {
        "key-shop": {"accessor": f"a{number}"},
        "base": {"lease_id": f"l{number}", "service_user": f"u{number}"},
    }
    return Issued(
        request_id=f"q{number}",
        at=BEGAN,
        path=f"path/{system}",
        system=system,
        run_id=RUN,
        attempt=1,
        ended_at=ENDED if system in kind else None,
        **kind.get(system, {}),
    )


def recorded(of: Issued) -> Recorded:
    return Recorded(
        request_id=of.request_id,
        run_id=RUN,
        attempt=1,
        system=of.system,
        fingerprint=f"f-{of.request_id}",
        issued_at=BEGAN,
        expires_at=BEGAN + timedelta(minutes=2),
        accessor=of.accessor,
        lease_id=of.lease_id,
        service_user=of.service_user,
        revoked_at=of.ended_at,
        calls=2,
        answered=2,
    )


def uses(of: Recorded) -> list[Used]:
    if of.service_user:
        return [Used(system=of.system, at=BEGAN, service_user=of.service_user, remote_address=HOME)]
    use = Used(
        system=of.system,
        at=BEGAN,
        fingerprint=of.fingerprint,
        subject=of.accessor,
        remote_address=HOME,
        status=200,
    )
    return [use] * 2


def fitting() -> Sides:
    """One finished attempt with a credential of each kind, all of whose sides agree."""
    of_vault = [issued(number, system) for number, system in enumerate(SYSTEMS)]
    records = [recorded(each) for each in of_vault]
    return Sides(
        issued=of_vault,
        recorded=records,
        used=[use for each in records for use in uses(each)],
        attempts=[KnownAttempt(run_id=RUN, number=1, state="finished", ended_at=ENDED, login_address=HOME)],
        covered=frozenset(SYSTEMS),
    )


def changed(sides: Sides, side: str, place: int, **values: object) -> Sides:
    rows = list(getattr(sides, side))
    rows[place] = replace(rows[place], **values)
    return replace(sides, **{side: rows})


def more(sides: Sides, side: str, *rows: object) -> Sides:
    return replace(sides, **{side: [*getattr(sides, side), *rows]})


def without(sides: Sides, side: str, lost: Callable[[object], bool]) -> Sides:
    return replace(sides, **{side: [row for row in getattr(sides, side) if not lost(row)]})


STRANGER = Used(
    system="key-shop", at=BEGAN, fingerprint="f-x", subject="a-x", remote_address=HOME, status=200
)
#: What was done to the sides, and the kind of leftover that says so.
SEEDS: dict[str, tuple[Callable[[Sides], Sides], str]] = {
    "credential of a run that does not exist": (
        lambda s: more(s, "issued", replace(issued(9, "key-shop"), run_id=OTHER)),
        ISSUED_ONLY,
    ),
    "second credential of a finished run": (lambda s: more(s, "issued", issued(8, "base")), ISSUED_ONLY),
    "record of an issue that the vault never answered": (
        lambda s: more(s, "recorded", replace(recorded(issued(7, "key-shop")), calls=0, answered=0)),
        RECORDED_ONLY,
    ),
    "lines of an issue deleted from the log": (
        lambda s: without(s, "issued", lambda row: row.request_id == "q0"),
        RECORDED_ONLY,
    ),
    "accessor rewritten": (lambda s: changed(s, "recorded", 1, accessor="a-other"), CONTRADICTED),
    "user rewritten": (lambda s: changed(s, "recorded", 2, lease_id="l-other"), CONTRADICTED),
    "end rewritten": (
        lambda s: changed(s, "recorded", 1, revoked_at=ENDED - timedelta(minutes=9)),
        CONTRADICTED,
    ),
    "use that belongs to no run": (lambda s: more(s, "used", STRANGER), USED_ONLY),
    "refused use that belongs to no run": (
        lambda s: more(s, "used", replace(STRANGER, status=401)),
        USED_ONLY,
    ),
    "login of a user that no run was given": (
        lambda s: more(s, "used", Used(system="base", at=BEGAN, service_user="u-x", remote_address=HOME)),
        USED_ONLY,
    ),
    "refused login of a user that no run was given": (
        lambda s: more(
            s, "used", Used(system="base", at=BEGAN, service_user="u-x", remote_address=HOME, status=401)
        ),
        USED_ONLY,
    ),
    "guessed password of a run's user": (
        lambda s: more(s, "used", replace(s.used[4], status=401)),
        USED_MORE,
    ),
    "answers recorded that the tool refused": (
        lambda s: changed(s, "used", 2, status=401),
        NEVER_SEEN,
    ),
    "login recorded that the database refused": (
        lambda s: changed(s, "used", 4, status=401),
        NEVER_SEEN,
    ),
    "use that no worker recorded": (lambda s: more(s, "used", s.used[0]), USED_MORE),
    "second login of a user": (
        lambda s: more(s, "used", next(use for use in s.used if use.service_user)),
        USED_MORE,
    ),
    "use after the end": (
        lambda s: more(s, "used", replace(s.used[2], at=ENDED + timedelta(seconds=30))),
        USED_LATE,
    ),
    "use from elsewhere": (lambda s: changed(s, "used", 0, remote_address="10.9.9.9"), USED_ELSEWHERE),
    "use at another tool": (lambda s: changed(s, "used", 0, system="key-shop"), USED_ELSEWHERE),
    "call recorded that the tool never saw": (
        lambda s: without(s, "used", lambda row: row.fingerprint == "f-q1"),
        NEVER_SEEN,
    ),
    "credential issued long after its attempt was lost": (
        lambda s: more(
            changed(s, "attempts", 0, state="lost"),
            "issued",
            replace(issued(6, "key-shop"), at=ENDED + timedelta(hours=1)),
        ),
        ISSUED_ONLY,
    ),
    "many credentials of an attempt that failed": (
        lambda s: more(
            changed(s, "attempts", 0, state="failed"),
            "issued",
            *[issued(number, "base") for number in (20, 21)],
        ),
        ISSUED_ONLY,
    ),
    "end recorded that the vault does not know": (
        lambda s: changed(s, "issued", 1, ended_at=None),
        CONTRADICTED,
    ),
    "end erased": (lambda s: changed(s, "recorded", 1, revoked_at=None), CONTRADICTED),
    "time of issue rewritten": (
        lambda s: changed(s, "recorded", 0, issued_at=BEGAN - timedelta(hours=1)),
        CONTRADICTED,
    ),
    "attempt that does not exist": (lambda s: replace(s, attempts=[]), CONTRADICTED),
    "another accessor at the tool": (lambda s: changed(s, "used", 2, subject="a-victim"), CONTRADICTED),
    "use before the issue": (
        lambda s: changed(s, "used", 2, at=BEGAN - timedelta(hours=1)),
        CONTRADICTED,
    ),
    "use after the vault ended the key of a run at work": (
        lambda s: changed(
            changed(changed(s, "attempts", 0, state="running", ended_at=None), "issued", 1, ended_at=BEGAN),
            "used",
            2,
            at=BEGAN + timedelta(minutes=1),
        ),
        USED_LATE,
    ),
    "answer without a credential": (
        lambda s: more(s, "used", replace(STRANGER, fingerprint=None, subject=None)),
        USED_ONLY,
    ),
    "login recorded that the database never saw": (
        lambda s: without(s, "used", lambda row: row.service_user == "u2"),
        NEVER_SEEN,
    ),
}


def compared(sides: Sides) -> Reconciliation:
    return Reconciliation(
        since=BEGAN,
        until=ENDED,
        issued=len(sides.issued),
        used=0,
        recorded=len(sides.recorded),
        leftovers=leftovers(sides),
        missing=(),
    )


def test_sides_that_agree_leave_nothing_over():
    assert compared(fitting()).leftovers == []
    assert compared(fitting()).verdict is Verdict.PASS


def test_without_a_proven_premise_nothing_passes():
    passed = compared(fitting())
    assert replace(passed, missing=["the log of base is not read"]).verdict is Verdict.NOT_ESTABLISHED


@pytest.mark.parametrize("seed", SEEDS)
def test_each_seed_is_named_by_its_kind(seed):
    sow, kind = SEEDS[seed]
    found = compared(sow(fitting()))
    assert kind in {leftover.kind for leftover in found.unexplained}, found.leftovers
    assert replace(found, missing=["anything"]).verdict is Verdict.FAIL


def test_no_two_seeds_hide_each_other():
    for pair in combinations(SEEDS, 2):
        for first, second in (pair, pair[::-1]):
            try:
                sides = SEEDS[second][0](SEEDS[first][0](fitting()))
            except (IndexError, StopIteration):
                continue  # the first has removed what the second changes
            # Some things of an attempt at work show at its end only.
            later = [replace(each, state="finished", ended_at=ENDED) for each in sides.attempts]
            ended = compared(replace(sides, attempts=later)).verdict
            assert Verdict.FAIL in (compared(sides).verdict, ended), (first, second)


def lost(sides: Sides, state: str = "lost") -> Sides:
    """Their attempt died before it recorded a call."""
    return replace(
        sides,
        recorded=[replace(each, calls=0, answered=0) for each in sides.recorded],
        attempts=[replace(each, state=state) for each in sides.attempts],
    )


@pytest.mark.parametrize("state", ["lost", "postponed", "failed"])
def test_uses_that_a_lost_attempt_could_not_record_are_left_over_and_explained(state):
    found = leftovers(lost(fitting(), state))
    why = "its attempt ended before its calls were recorded"
    assert [(each.kind, each.explanation) for each in found] == [(USED_MORE, why)] * 2


def test_a_lost_attempt_explains_no_more_uses_than_it_can_have_made():
    sides = lost(fitting())
    again = replace(sides.issued[0], request_id="q5", attempt=2)
    record = replace(recorded(again), attempt=2)
    finished = replace(fitting().attempts[0], number=2)
    repeated = more(more(more(sides, "issued", again), "recorded", record), "attempts", finished)
    repeated = more(repeated, "used", *uses(record))

    def alarms(of: Sides, times: int) -> list[str]:
        found = leftovers(more(of, "used", *[sides.used[0]] * (times - 2)))
        return [each.kind for each in found if each.explanation is None]

    # The attempt that finished made two calls, each of which the other may have tried twice.
    assert (alarms(repeated, 4), alarms(repeated, 5)) == ([], [USED_MORE])
    assert (alarms(sides, 40), alarms(sides, 41)) == ([], [USED_MORE])


@pytest.mark.parametrize("place", [0, 4], ids=["more calls than recorded", "a second login"])
def test_nothing_explains_uses_that_an_attempt_would_have_recorded(place):
    """It records all calls at once, whatever became of it then; and it logs in once."""
    sides = fitting()
    sides = lost(sides) if sides.used[place].service_user else changed(sides, "attempts", 0, state="failed")
    found = leftovers(more(sides, "used", sides.used[place]))
    assert USED_MORE in {each.kind for each in found if each.explanation is None}


@pytest.mark.parametrize("state", ["lost", "postponed"])
def test_what_a_lost_worker_could_not_record_is_explained_but_not_its_uses(state):
    sides = fitting()
    sides = replace(sides, recorded=[], attempts=[replace(sides.attempts[0], state=state)])
    found = leftovers(replace(sides, used=[]))
    assert [each.kind for each in found] == [ISSUED_ONLY] * 3
    assert all(each.explanation for each in found)
    assert {each.kind for each in leftovers(sides) if each.explanation is None} == {USED_ONLY}


def test_what_an_open_attempt_has_not_recorded_yet_is_no_leftover():
    sides = fitting()
    running = replace(sides.attempts[0], state="running", ended_at=None)
    assert leftovers(replace(sides, recorded=[], used=[], attempts=[running])) == []
    # Its calls are recorded at the end.
    assert leftovers(replace(sides, attempts=[running])) == []


def test_a_call_under_way_when_its_run_is_stopped_is_explained():
    sides = changed(fitting(), "used", 0, at=ENDED + timedelta(seconds=15))
    stopped = replace(sides.attempts[0], state="failed", was_stopped=True)
    (found,) = leftovers(replace(sides, attempts=[stopped]))
    assert (found.kind, found.explanation) == (USED_LATE, "its run was stopped while a call was under way")


def of_runs(*places: str, home: str = HOME) -> Sides:
    """One finished attempt for each place from which its login at the database was seen."""
    joined = Sides(covered=frozenset(SYSTEMS))
    for number, place in enumerate(places, start=10):
        run_id = UUID(int=number)
        of_vault = replace(issued(number, "base"), run_id=run_id)
        record = replace(recorded(of_vault), run_id=run_id)
        attempt = replace(fitting().attempts[0], run_id=run_id, login_address=home)
        joined = more(more(joined, "issued", of_vault), "recorded", record)
        joined = more(joined, "attempts", attempt)
        joined = more(joined, "used", *[replace(use, remote_address=place) for use in uses(record)])
    return joined


EVIL, NAT = "10.9.9.9", "172.16.0.3"


@pytest.mark.parametrize(
    ("places", "elsewhere", "open_places"),
    [
        ((HOME,), 0, ()),
        ((HOME, EVIL), 1, ()),
        ((EVIL, EVIL, HOME), 2, ()),  # it sees workers as the vault does
        ((NAT, NAT), 0, ()),
        ((NAT, NAT, NAT, EVIL), 1, ()),
        ((EVIL, NAT, NAT), 1, ()),
        ((NAT,), 0, (NAT,)),
        ((NAT, EVIL), 0, (EVIL, NAT)),
        ((NAT, NAT, EVIL, EVIL), 0, (EVIL, NAT)),
    ],
)
def test_an_address_that_is_not_the_workers_fails_and_one_that_nothing_confirms_is_not_established(
    places, elsewhere, open_places
):
    sides = of_runs(*places)
    assert [each.kind for each in leftovers(sides)] == [USED_ELSEWHERE] * elsewhere
    assert [place for place in (EVIL, NAT) if any(f"from {place};" in said for said in unproven(sides))] == [
        *open_places
    ]


def test_earlier_runs_show_where_a_worker_is():
    for usual, place, kinds in (
        (HOME, EVIL, [USED_ELSEWHERE]),
        (NAT, EVIL, [USED_ELSEWHERE]),
        (NAT, NAT, []),
    ):
        earlier = [SeenPlace("base", UUID(int=number), 1, HOME, usual) for number in (1, 2)]
        sides = replace(of_runs(place), places=earlier)
        assert [each.kind for each in leftovers(sides)] == kinds
        assert unproven(sides) == []


def test_workers_may_exchange_their_addresses():
    seen = [
        SeenPlace("base", UUID(int=number), 1, f"10.0.0.{number % 2}", f"172.0.0.{number % 2}")
        for number in range(8)
    ]
    sides = replace(of_runs("172.0.0.1", home="10.0.0.0"), places=seen)
    assert (leftovers(sides), unproven(sides)) == ([], [])


def vault_is_off(sides: Sides, seconds: int) -> Sides:
    """As the vault dates what it does with a clock that is ahead, or behind if it is less than 0."""
    off = timedelta(seconds=seconds)
    return replace(
        sides,
        issued=[
            replace(
                each,
                at=each.at + off,
                ended_at=each.ended_at if each.accessor or each.lease_id else each.at + off,
            )
            for each in sides.issued
        ],
    )


@pytest.mark.parametrize("seconds", [-3000, -30, 30, 3000])
def test_a_vault_whose_clock_is_off_is_judged_with_the_difference(seconds):
    sides = vault_is_off(fitting(), seconds)
    sides = changed(sides, "issued", 0, ended_at=sides.issued[0].at + timedelta(minutes=2))
    assert CONTRADICTED in {each.kind for each in leftovers(sides)}  # nobody knows of it
    off = timedelta(seconds=seconds)
    measured = replace(sides, vault_ahead=off)
    seen = changed(sides, "attempts", 0, vault_ahead=off)  # by its login
    assert (leftovers(measured), leftovers(seen)) == ([], [])
    other_way = replace(sides, vault_ahead=-off)
    assert CONTRADICTED in {each.kind for each in leftovers(other_way)}
    rewritten = changed(measured, "recorded", 0, issued_at=BEGAN - timedelta(hours=2))
    assert CONTRADICTED in {each.kind for each in leftovers(rewritten)}


def test_a_login_that_took_long_excuses_no_time_that_is_too_early():
    sides = changed(fitting(), "attempts", 0, vault_ahead=timedelta(minutes=1))
    assert leftovers(sides) == []
    late = changed(sides, "recorded", 0, issued_at=BEGAN + timedelta(minutes=1))
    assert CONTRADICTED in {each.kind for each in leftovers(late)}


def tool_is_off(sides: Sides, seconds: int) -> Sides:
    return replace(
        sides, used=[replace(each, at=each.at + timedelta(seconds=seconds)) for each in sides.used]
    )


def first_use(minutes: int, off: int) -> FirstUse:
    """That of a credential issued so many minutes before the others, by a clock that is off by so many seconds."""
    issued_at = BEGAN - timedelta(minutes=minutes)
    return FirstUse("base", UUID(int=900 + minutes), 1, issued_at, issued_at + timedelta(seconds=off))


@pytest.mark.parametrize("seconds", [-3000, -30, 30, 3000])
def test_a_tool_whose_clock_is_off_is_judged_with_the_difference(seconds):
    runs = tool_is_off(of_runs(HOME, HOME, HOME), seconds)
    assert leftovers(runs) == []
    again = replace(runs.used[0], at=ENDED + timedelta(seconds=max(0, seconds) + 30))
    found = {each.kind for each in leftovers(more(runs, "used", again))}
    assert USED_LATE in found
    # It is known from earlier runs, too.
    history = [first_use(minutes, seconds) for minutes in (1, 2, 3)]
    assert leftovers(replace(tool_is_off(of_runs(HOME), seconds), first_uses=history)) == []


def test_one_late_use_does_not_say_that_a_clock_is_off():
    for late in range(3):
        sides = changed(of_runs(HOME, HOME, HOME), "used", late, at=ENDED + timedelta(seconds=30))
        assert [each.kind for each in leftovers(sides)] == [USED_LATE]
    assert [each.kind for each in leftovers(tool_is_off(of_runs(HOME, HOME), 30))] == [USED_LATE] * 2


def test_a_clock_that_was_set_is_judged_by_the_runs_around():
    history = [first_use(minutes, 30 if minutes > 9 else 0) for minutes in range(1, 30)]
    assert leftovers(replace(of_runs(HOME), first_uses=history)) == []
    assert [each.kind for each in leftovers(replace(tool_is_off(of_runs(HOME), 30), first_uses=history))] == [
        USED_LATE
    ]
