"""Who may call which function of the databases, what for, and that each does what it is for.

`R` is a run whose attempt 1 was dispatched, with the proof `P`. Each example changes what `check` looks at.
"""
# ruff: noqa: S608 - every statement is one of this module

from dataclasses import dataclass

R = "'00000000-0000-4000-8000-00000000000a'"
W = "'00000000-0000-4000-8000-00000000000b'"
ACCESS = f"{R}, 1, 'P'"
LOGIN = """'{"entity_id": "e", "policy": "p", "login_request_id": "q", "token_accessor": "a",
    "issued_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-01T00:15:00Z"}'"""
PLAN = """'[{"number": 1, "tool": "ledger", "question": "q", "reason": "r"}]'"""
CREDENTIAL = """'[{"credential_id": "00000000-0000-4000-8000-0000000000c1", "tool": "ledger", "kind": "database-user",
    "vault_path": "v", "policy": "p", "scope": "s", "request_id": "example", "fingerprint": "example",
    "issued_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-01T00:15:00Z"}]'"""
CALL = """'[{"call_id": "00000000-0000-4000-8000-0000000000c2", "credential_id": "00000000-0000-4000-8000-0000000000c1",
    "operation": "o", "status": 200, "started_at": "2026-01-01T00:00:00Z", "latency_ms": 1, "answer_bytes": 1}]'"""
EVIDENCE = """'[{"evidence_id": "00000000-0000-4000-8000-0000000000c3", "call_id":
    "00000000-0000-4000-8000-0000000000c2", "source": "s", "record_key": "k", "kind": "x", "fact": {},
    "pulled_at": "2026-01-01T00:00:00Z"}]'"""
EVENT = """'[{"request_id": "example", "kind": "revoked", "at": "2026-01-01T00:00:00Z", "path": "p"}]'"""

USE = """'[{"request_id": "example", "system": "s", "at": "2026-01-01T00:00:00Z", "operation": "o", "status": 200}]'"""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A call that works, after those it rests on; `check` is true afterwards and was not before."""

    logins: tuple[str, ...]
    reason: str
    call: str
    check: str
    after: tuple[str, ...] = ()
    prepare: str = ""


SECURITY_EVENT = """'[{"event_id": "00000000-0000-4000-8000-0000000000c4", "at": "2026-01-01T00:00:00Z",
    "action": "example", "outcome": "noted", "detail": {}, "times": 1}]'"""
APP = ("triage_app",)
WORKER, DISPATCHER, SWEEPER = ("triage_worker",), ("triage_dispatcher",), ("triage_sweeper",)
RECONCILER, SWITCH = ("triage_reconciler",), ("triage_switch",)
EVERYBODY = (*APP, *DISPATCHER, *SWEEPER, *RECONCILER, *SWITCH, *WORKER)
ATTEMPT = f"FROM attempt WHERE run_id = {R}"
ENDED = f"UPDATE attempt SET state = 'failed', ended_at = now() WHERE run_id = {R}"
CLAIMED = ("claim_attempt",)
A = "'00000000-0000-4000-8000-0000000000d1'"
SWITCHED = f"""INSERT INTO switch_order (order_id, kind, target, turn, reason, ordered_by, ordered_by_name)
    VALUES ({A}, 'tool', 'example', 'off', 'why', 'o', 'O')"""
ISSUED = "INSERT INTO vault_event (request_id, kind, at, path) VALUES ('example', 'issued', now(), 'p')"
QUEUED = f"""INSERT INTO alarm (alarm_id, kind, detail) VALUES ({A}, 'example', 'x');
    INSERT INTO alarm_delivery (alarm_id, channel) VALUES ({A}, 'example')"""
AT_WORK = (*CLAIMED, "record_login", "record_credentials", "record_calls")

EXAMPLES = {
    "claim_attempt": Example(
        logins=WORKER,
        reason="a worker takes the attempt of its message",
        call=f"claim_attempt({ACCESS}, sha256('P'), 'w', 60)",
        check=f"SELECT state = 'running' {ATTEMPT}",
    ),
    "record_login": Example(
        logins=WORKER,
        reason="the identity and the plan of its attempt, once",
        call=f"record_login({ACCESS}, {LOGIN}, {PLAN})",
        check=f"SELECT token_accessor = 'a' {ATTEMPT}",
        after=CLAIMED,
    ),
    "load_action": Example(
        logins=WORKER,
        reason="the action that its run is about",
        call=f"load_action({ACCESS})",
        check="SELECT true",
        after=CLAIMED,
    ),
    "record_credentials": Example(
        logins=WORKER,
        reason="which credentials its attempt was issued",
        call=f"record_credentials({ACCESS}, {CREDENTIAL}, '[]')",
        check="SELECT EXISTS (SELECT FROM credential WHERE request_id = 'example')",
        after=(*CLAIMED, "record_login"),
    ),
    "record_calls": Example(
        logins=WORKER,
        reason="what its attempt asked",
        call=f"record_calls({ACCESS}, {CALL}, '{{}}', '{{}}', '[]')",
        check=f"SELECT EXISTS (SELECT FROM call WHERE run_id = {R})",
        after=AT_WORK[:-1],
    ),
    "store_triage": Example(
        logins=WORKER,
        reason="the result, which ends its attempt and run",
        call=f"store_triage({ACCESS}, {EVIDENCE}, '[]', '[]')",
        check=f"SELECT state = 'completed' FROM run WHERE run_id = {R}",
        after=AT_WORK,
    ),
    "fail_attempt": Example(
        logins=WORKER,
        reason="its attempt came to nothing",
        call=f"fail_attempt({ACCESS}, 'failed', 'x')",
        check=f"SELECT state = 'failed' {ATTEMPT}",
        after=CLAIMED,
    ),
    "raise_alarm": Example(
        logins=WORKER,
        reason="its identity was opened before; ten for an attempt",
        call=f"raise_alarm('introduction refused', 'x', {ACCESS})",
        check=f"SELECT EXISTS (SELECT FROM alarm WHERE run_id = {R})",
    ),
    "reserve_runs": Example(
        logins=DISPATCHER,
        reason="runs that wait, for a minute at most",
        call="reserve_runs(1000000, 3600)",
        check=f"SELECT reserved_until <= now() + interval '1 min' FROM run WHERE run_id = {W}",
    ),
    "release_runs": Example(
        logins=DISPATCHER,
        reason="runs that it did not dispatch wait again",
        call=f"release_runs(ARRAY[{W}::uuid])",
        check=f"SELECT reserved_until IS NULL FROM run WHERE run_id = {W}",
        after=("reserve_runs",),
    ),
    "dispatch_attempt": Example(
        logins=DISPATCHER,
        reason="an attempt whose message it sends",
        call=f"dispatch_attempt({W}, 1, 's', 'w', '\\x00', 60, 4)",
        check=f"SELECT state = 'dispatched' FROM run WHERE run_id = {W}",
    ),
    "return_attempt": Example(
        logins=DISPATCHER,
        reason="an attempt whose message could not be sent",
        call=f"return_attempt({R}, 1, 'x')",
        check=f"SELECT state = 'postponed' {ATTEMPT}",
    ),
    "beat": Example(
        logins=EVERYBODY,
        reason="a sign of life, and what its clock shows, under its own name",
        call="beat('example', 'h', 1, now(), NULL)",
        check="SELECT EXISTS (SELECT FROM heartbeat WHERE problem = 'example')",
    ),
    "tables_version": Example(
        logins=EVERYBODY,
        reason="whether the tables are of the version that the program needs",
        call="tables_version()",
        check="SELECT true",
    ),
    "alarm_once": Example(
        logins=(*SWEEPER, *RECONCILER),
        reason="what the logs show",
        call="alarm_once('example', 'x', NULL, NULL)",
        check="SELECT EXISTS (SELECT FROM alarm WHERE kind = 'example')",
    ),
    "alarm_credential": Example(
        logins=RECONCILER,
        reason="what the logs show of one credential",
        call=f"alarm_credential('example', 'x', {A})",
        check="SELECT EXISTS (SELECT FROM alarm WHERE kind = 'example')",
    ),
    "alarm_past": Example(
        logins=RECONCILER,
        reason="what the logs show of the past, unless that alarm was closed",
        call="alarm_past('example', 'x', NULL, NULL, now())",
        check="SELECT EXISTS (SELECT FROM alarm WHERE kind = 'example')",
    ),
    "anchor_log": Example(
        logins=RECONCILER,
        reason="what it read of the vault's log, so that a change is noticed",
        call="anchor_log(NULL, 'example', 'x', 1, 0, 0, sha256(''), '')",
        check="SELECT EXISTS (SELECT FROM log_anchor WHERE source = 'example')",
    ),
    "lose_chain": Example(
        logins=RECONCILER,
        reason="which lines of the vault's log were changed",
        call=f"lose_chain({A}, 'example', true)",
        check="SELECT EXISTS (SELECT FROM log_loss WHERE reason = 'example')",
    ),
    "note_proven": Example(
        logins=RECONCILER,
        reason="when all it read of a log was last the same",
        call="note_proven('example', now())",
        check="SELECT proven_at IS NOT NULL FROM log_source WHERE source = 'example'",
        prepare="INSERT INTO log_source VALUES ('example', NULL, NULL, 0, 0, true, NULL, now())",
    ),
    "alarm_past_credential": Example(
        logins=RECONCILER,
        reason="the same, unless that alarm was closed",
        call=f"alarm_past_credential('example', 'x', {A}, now())",
        check="SELECT EXISTS (SELECT FROM alarm WHERE kind = 'example')",
    ),
    "handle_alarm": Example(
        logins=("triage_app",),
        reason="a person acknowledges or closes an alarm",
        call="handle_alarm((SELECT alarm_id FROM alarm WHERE kind = 'example'), 'closed', 'x', 'X', 'why')",
        check="SELECT state = 'closed' FROM alarm WHERE kind = 'example'",
        prepare="INSERT INTO alarm (kind, detail) VALUES ('example', 'x')",
    ),
    "use_channels": Example(
        logins=SWEEPER,
        reason="the receivers that its settings name",
        call="use_channels(ARRAY['example'])",
        check="SELECT EXISTS (SELECT FROM alarm_channel WHERE channel = 'example')",
    ),
    "take_delivery": Example(
        logins=SWEEPER,
        reason="sends alarms",
        call="take_delivery('example')",
        check="SELECT tries = 1 FROM alarm_delivery WHERE channel = 'example'",
        prepare=QUEUED,
    ),
    "note_delivery": Example(
        logins=SWEEPER,
        reason="has sent an alarm, or could not",
        call=f"note_delivery({A}, 'example', NULL, false)",
        check="SELECT sent_at IS NOT NULL FROM alarm_delivery WHERE channel = 'example'",
        prepare=QUEUED,
    ),
    "record_security_events": Example(
        logins=APP,
        reason="who did what at the pages, which stays",
        call=f"record_security_events({SECURITY_EVENT})",
        check="SELECT EXISTS (SELECT FROM security_event WHERE action = 'example')",
    ),
    "end_stopped": Example(
        logins=SWEEPER,
        reason="a run that a person stops",
        call="end_stopped()",
        check=f"SELECT state = 'failed' FROM run WHERE run_id = {R}",
        prepare=f"UPDATE run SET stop_requested_at = now(), stop_requested_by = 'x' WHERE run_id = {R}",
    ),
    "lose_attempts": Example(
        logins=SWEEPER,
        reason="attempts whose lease ran out",
        call="lose_attempts(NULL)",
        check=f"SELECT state = 'lost' {ATTEMPT}",
        prepare=f"UPDATE attempt SET lease_until = now() - interval '1 s' WHERE run_id = {R}",
    ),
    "requeue_ended": Example(
        logins=SWEEPER,
        reason="runs whose attempt came to nothing",
        call="requeue_ended()",
        check=f"SELECT state = 'requested' FROM run WHERE run_id = {R}",
        prepare=f"{ENDED}; UPDATE attempt SET revoked_at = now() WHERE run_id = {R}",
    ),
    "end_attempt": Example(
        logins=SWEEPER,
        reason="an attempt that was stolen or took too much",
        call=f"end_attempt({R}, 1, 'x')",
        check=f"SELECT state = 'failed' {ATTEMPT}",
    ),
    "due_ends": Example(
        logins=SWEEPER,
        reason="which ends are to be confirmed",
        call="due_ends(false, 1000000)",
        check="SELECT true",
        prepare=ENDED,
    ),
    "confirm_end": Example(
        logins=SWEEPER,
        reason="everything of an ended attempt is dead",
        call=f"confirm_end({R}, 1, 'sweeper', '{{}}')",
        check=f"SELECT revoked_at IS NOT NULL {ATTEMPT}",
        prepare=ENDED,
    ),
    "note_end_problem": Example(
        logins=SWEEPER,
        reason="why an end is not confirmed",
        call=f"note_end_problem({R}, 1, 'example')",
        check=f"SELECT EXISTS (SELECT FROM attempt_end WHERE run_id = {R})",
        prepare=ENDED,
    ),
    "record_log": Example(
        logins=SWEEPER,
        reason="what it read of the vault's log, and how far",
        call=f"record_log('example', 1, 0, NULL, 10, 1, 'x', '{{1}}', {EVENT}, '[]')",
        check="SELECT EXISTS (SELECT FROM log_position WHERE file = 'example')",
    ),
    "move_cursor": Example(
        logins=SWEEPER,
        reason="how far it judged the vault's events",
        call="move_cursor('example', 1)",
        check="SELECT EXISTS (SELECT FROM event_cursor WHERE reader = 'example')",
    ),
    "record_uses": Example(
        logins=RECONCILER,
        reason="what it read of a tool's log, and how far",
        call=f"record_uses('example', 1, NULL, 10, 1, 'x', '{{1}}', 's', 1, 0, {USE})",
        check="SELECT EXISTS (SELECT FROM tool_use WHERE request_id = 'example')",
    ),
    "note_source": Example(
        logins=RECONCILER,
        reason="which stretch of a log it read",
        call="note_source('example', now(), false, now(), 1, 0, true, NULL)",
        check="SELECT EXISTS (SELECT FROM log_source WHERE source = 'example')",
    ),
    "move_judged": Example(
        logins=RECONCILER,
        reason="how far it judged, under names of its own",
        call="move_judged('example', 1)",
        check="SELECT EXISTS (SELECT FROM event_cursor WHERE reader = 'reconciler example')",
    ),
    "order_switch": Example(
        logins=APP,
        reason="a person orders a switch; nothing is carried out by that",
        call="order_switch('tool', 'example', 'off', 'why', 'o', 'O')",
        check="SELECT EXISTS (SELECT FROM switch_order WHERE target = 'example')",
    ),
    "agent_is_off": Example(
        logins=DISPATCHER,
        reason="whether it mints nothing, and because of whom",
        call="agent_is_off()",
        check="SELECT true",
    ),
    "worker_is_off": Example(
        logins=WORKER,
        reason="whether it is given no run, because of whom, and its word that it takes no message",
        call="worker_is_off('h', 1, true)",
        check="SELECT EXISTS (SELECT FROM clock WHERE host = 'h' AND rests_since IS NOT NULL)",
        prepare="""INSERT INTO clock (process, host, reporter, ahead, measured_at, is_off)
            VALUES ('worker', 'h', '1', 0, now(), false)""",
    ),
    "due_switches": Example(
        logins=SWITCH,
        reason="which orders are to be carried out",
        call="due_switches()",
        check="SELECT true",
        prepare=SWITCHED,
    ),
    "held_by_switch": Example(
        logins=SWITCH,
        reason="what an order is to end, by the vault's log",
        call=f"held_by_switch({A}, 'p')",
        check="SELECT true",
        prepare=f"{SWITCHED}; {ISSUED}",
    ),
    "confirm_switched": Example(
        logins=SWITCH,
        reason="what an order ended is dead",
        call="confirm_switched('{example}')",
        check="SELECT ended_at IS NOT NULL FROM vault_event WHERE request_id = 'example'",
        prepare=ISSUED,
    ),
    "stop_switched": Example(
        logins=SWITCH,
        reason="a run, or what a worker holds, ends because an operator ordered it",
        call=f"stop_switched({A})",
        check=f"SELECT stop_requested_at IS NOT NULL FROM run WHERE run_id = {R}",
        prepare=f"INSERT INTO switch_order (order_id, kind, target, turn, reason, ordered_by, ordered_by_name)"
        f" VALUES ({A}, 'run', {R}, 'off', 'why', 'o', 'O')",
    ),
    "note_switch": Example(
        logins=SWITCH,
        reason="what became of an order",
        call=f"note_switch({A}, true, true, 'example')",
        check=f"SELECT done_at IS NOT NULL FROM switch_order WHERE order_id = {A}",
        prepare=SWITCHED,
    ),
    "search_part": Example(
        logins=APP,
        reason="the form of a text in which the queue is searched; reads nothing",
        call="search_part('1,184,000 DOLLARS')",
        check="SELECT true",
    ),
    "search_pieces": Example(
        logins=APP,
        reason="the pieces of such a text, by which an index finds it; reads nothing",
        call="search_pieces('0012')",
        check="SELECT true",
    ),
    "search_query": Example(
        logins=APP,
        reason="the pieces that a text must have to be found; reads nothing",
        call="search_query('0012')",
        check="SELECT true",
    ),
    "triage_keeper.restore_settings": Example(
        logins=SWEEPER,
        reason="sets back what a login changed of its own settings",
        call="triage_keeper.restore_settings()",
        check="SELECT NOT EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = 'triage_worker'::regrole)",
        prepare="ALTER ROLE triage_worker SET lock_timeout = 1",
    ),
    "triage_keeper.restore_passwords": Example(
        logins=SWEEPER,
        reason="sets back a password that a login gave itself",
        call="triage_keeper.restore_passwords()",
        check="SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'triage_worker'",
        prepare="ALTER ROLE triage_worker PASSWORD NULL",
    ),
}

#: Functions that no login calls: parts of others, and triggers.
NOBODYS = {
    "hold_attempt": "part of every function of a worker: locks the attempt, or refuses",
    "finish_attempt": "part of the function that stores a result",
    "requeue_run": "part of functions that end an attempt",
    "queue_deliveries": "a trigger",
    "note_unreadable": "a trigger",
    "compare_clock": "part of a sign of life: how far a clock is from the database's",
    "within": "the times that a worker states",
    "expiry": "the times that a worker states",
    "refuse_change": "a trigger",
    "demand_day_ahead": "a trigger",
    "demand_event": "a trigger",
    "demand_finished_attempt": "a trigger",
    "demand_referral": "a trigger",
    "demand_running_attempt": "a trigger",
    "describe_flag": "a trigger",
    "search_text": "part of the trigger that describes a flag",
    "describe_referral": "a trigger",
    "know_person": "a trigger",
    "supersede_flags": "a trigger",
    "tally_flags": "a trigger",
}

#: Functions of the ledger, and the login that calls each. `tests/integration/vault` has users ended with them.
LEDGER = {
    "leased_users.found": SWEEPER,
    "leased_users.close_login": SWEEPER,
    "leased_users.end_user": SWEEPER,
    "leased_users_only_read.leased_users_only_read": (),
}
