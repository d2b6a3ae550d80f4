"""What each login may do with the tables of the application's database, and what for. All else is refused.

No login has TRUNCATE, REFERENCES, TRIGGER or MAINTAIN on any table, view or sequence, and DELETE only what is named here.
"""

LOGINS = (
    *(
        "triage_app",
        "triage_dispatcher",
        "triage_sweeper",
        "triage_reconciler",
        "triage_switch",
        "triage_worker",
    ),
)
ALL = ("*",)

#: By login and table: privilege, columns, and reason. The worker and the dispatcher have no row: they call functions.
TABLE = {
    "triage_app": {
        "public.run": [
            ("SELECT", ALL, "pages show runs"),
            (
                "INSERT",
                ("run_id", "job_id", "goal", "requested_by"),
                "a person requests a run; all else has defaults",
            ),
            ("UPDATE", ("stop_requested_at", "stop_requested_by"), "a person asks for its end"),
        ],
        "public.attempt": [("SELECT", ALL, "a run's page shows its attempts")],
        "public.attempt_end": [("SELECT", ALL, "pages say what is not confirmed, and why")],
        "public.vault_event": [("SELECT", ALL, "a run's page shows what its worker did not record")],
        "public.log_position": [("SELECT", ALL, "which part of the vault's log a page reads itself")],
        "public.run_stretch": [
            ("SELECT", ALL, "where lines about a run stand, so that its page reads no others")
        ],
        "public.tool_use": [("SELECT", ALL, "pages compare what the tools logged")],
        "public.log_source": [("SELECT", ALL, "pages say which logs are read, and how far")],
        "public.log_anchor": [("SELECT", ALL, "what proves the vault's lines in a contract file")],
        "public.log_loss": [("SELECT", ALL, "which lines of the vault's log were changed")],
        "public.unreadable_stretch": [("SELECT", ALL, "reports say which lines cannot be read")],
        "public.step": [("SELECT", ALL, "a run's page shows its plan")],
        "public.credential": [
            ("SELECT", ALL, "pages show which credentials were issued and when they ended")
        ],
        "public.denial": [("SELECT", ALL, "pages show what the vault refused")],
        "public.switch_order": [("SELECT", ALL, "the page of the switches")],
        "public.call": [("SELECT", ALL, "pages show what was asked")],
        "public.answer": [("SELECT", ALL, "answers can be downloaded")],
        "public.alarm": [("SELECT", ALL, "the page of alarms")],
        "public.alarm_event": [("SELECT", ALL, "the page of an alarm shows who handled it")],
        "public.alarm_channel": [("SELECT", ALL, "the page of an alarm shows whether it was sent")],
        "public.alarm_delivery": [("SELECT", ALL, "the page of an alarm shows whether it was sent")],
        "public.heartbeat": [("SELECT", ALL, "the page of the system's state")],
        "public.clock": [("SELECT", ALL, "the page of the system's state")],
        "public.action": [
            ("SELECT", ALL, "pages show actions"),
            (
                "INSERT",
                (
                    *("action_id", "action_type", "piid", "modification", "amount", "effective_date"),
                    *("description", "vendors", "terms"),
                ),
                "a submission; its time is the database's",
            ),
        ],
        "public.evidence": [("SELECT", ALL, "pages show what was found where")],
        "public.compared_value": [("SELECT", ALL, "pages show what a finding compares")],
        "public.flag": [
            ("SELECT", ALL, "the queue"),
            (
                "UPDATE",
                ("status", "decision", "decided_at", "assignee", "office", "due_on", "version"),
                "a decision, with its event",
            ),
        ],
        "public.flag_tally": [("SELECT", ALL, "totals of the queue")],
        "public.review_event": [
            ("SELECT", ALL, "the history of a finding"),
            ("INSERT", ALL, "what an officer decided, which stays"),
        ],
        "public.export_record": [
            ("SELECT", ALL, "pages show what was exported"),
            ("INSERT", ALL, "who exported what, which stays"),
        ],
        "public.submission": [
            ("SELECT", ALL, "a program that sends again gets the same answer"),
            ("INSERT", ("by", "key", "digest", "outcome"), "the answer to a program"),
            ("DELETE", ALL, "keys that are a week old; a trigger keeps younger ones"),
        ],
        "public.saved_view": [
            ("SELECT", ALL, "a person's filters"),
            ("INSERT", ALL, "a person's filters"),
            ("UPDATE", ("query",), "a person's filters"),
            ("DELETE", ALL, "a person's filters"),
        ],
        "public.draft": [
            ("SELECT", ALL, "a person's own drafts"),
            ("INSERT", ("owner", "flag_id", "version", "fields"), "what a person typed and has not sent"),
            ("UPDATE", ("version", "fields", "saved_at"), "what a person typed since"),
            ("DELETE", ALL, "a draft that was sent, discarded or is too old"),
        ],
        "public.person": [("SELECT", ALL, "names beside decisions")],
        "public.security_event": [("SELECT", ALL, "the page of security events")],
        "public.web_session": [
            ("SELECT", ALL, "who is signed in"),
            (
                "INSERT",
                ("id_hash", "subject", "name", "roles", "data"),
                "a person signs in; its time is the database's",
            ),
            ("UPDATE", ("data", "seen_at"), "a session is used; whose it is does not change"),
            ("DELETE", ALL, "a person signs out"),
        ],
    },
    "triage_dispatcher": {},
    "triage_sweeper": {
        "public.run": [("SELECT", ALL, "which runs there are, to judge the vault's log")],
        "public.attempt": [("SELECT", ALL, "which attempts there are, and what they recorded")],
        "public.attempt_end": [("SELECT", ALL, "which ends are not confirmed")],
        "public.step": [("SELECT", ALL, "which credentials a plan needs")],
        "public.credential": [("SELECT", ALL, "what a worker recorded and the log does not show")],
        "public.vault_event": [("SELECT", ALL, "what the vault issued to whom")],
        "public.log_position": [("SELECT", ALL, "how far the vault's log was read")],
        "public.event_cursor": [("SELECT", ALL, "how far the vault's events were judged")],
        "public.clock": [("SELECT", ALL, "how far the vault's clock is off, to judge its log")],
    },
    "triage_reconciler": {
        "public.run": [("SELECT", ALL, "which runs there are, to judge logs")],
        "public.attempt": [("SELECT", ALL, "which attempts there are, and what they recorded")],
        "public.attempt_end": [("SELECT", ALL, "which ends are not confirmed")],
        "public.step": [("SELECT", ALL, "which credentials a plan needs")],
        "public.credential": [("SELECT", ALL, "what a worker recorded, against the logs")],
        "public.call": [("SELECT", ALL, "which calls a worker recorded, against the logs")],
        "public.denial": [("SELECT", ALL, "what the vault refused, against its log")],
        "public.vault_event": [("SELECT", ALL, "what the vault issued to whom")],
        "public.log_position": [("SELECT", ALL, "how far the sweeper has read the vault's log")],
        "public.event_cursor": [("SELECT", ALL, "how far it has judged")],
        "public.clock": [("SELECT", ALL, "how far clocks are off, to judge logs")],
        "public.heartbeat": [("SELECT", ALL, "whether the sweeper reads the vault's log")],
        "public.tool_use": [("SELECT", ALL, "what the tools logged")],
        "public.use_position": [("SELECT", ALL, "how far the tools' logs were read")],
        "public.log_source": [("SELECT", ALL, "which stretch of each log was read")],
        "public.log_anchor": [("SELECT", ALL, "what it read of the vault's log, to prove it again")],
        "public.log_loss": [("SELECT", ALL, "which of these chains were changed")],
        "public.unreadable_stretch": [("SELECT", ALL, "when lines were written that cannot be read")],
    },
    "triage_switch": {},
    "triage_worker": {},
}

#: Tables, views and sequences that no login can read or change.
NOBODYS = {
    "public.alembic_version": "asked by the function tables_version",
    "public.attempt_proof": "what proves that a message was taken",
    "public.attempt_hold": "what proves it once the attempt is claimed",
    "public.vault_event_number_seq": "numbers rows by itself",
    "public.switch_order_number_seq": "numbers rows by itself",
    "public.tool_use_number_seq": "numbers rows by itself",
    "public.log_anchor_number_seq": "numbers rows by itself",
    "public.unreadable_stretch_number_seq": "numbers rows by itself",
    "public.security_event_number_seq": "numbers rows by itself",
    "triage_keeper.kept_login": "what is set back when a login changes itself",
}

#: By database and login: the schemas whose objects it may name. None has CREATE in any.
SCHEMAS = {
    ("triage", "triage_app"): {"public"},
    ("triage", "triage_dispatcher"): {"public"},
    ("triage", "triage_sweeper"): {"public", "triage_keeper"},
    ("triage", "triage_reconciler"): {"public"},
    ("triage", "triage_switch"): {"public"},
    ("triage", "triage_worker"): {"public"},
    ("ledger", "triage_sweeper"): {"public", "leased_users"},
}

#: One statement for each row above that writes, which must change one row of its table.
EXAMPLES = {
    (
        "public.run",
        "INSERT",
    ): "INSERT INTO run (run_id, job_id, requested_by) SELECT gen_random_uuid(), action_id, 'x'"
    " FROM action LIMIT 1",
    ("public.run", "UPDATE"): "UPDATE run SET stop_requested_at = now(), stop_requested_by = 'x'"
    " WHERE run_id = (SELECT run_id FROM run WHERE state = 'requested' LIMIT 1)",
    (
        "public.action",
        "INSERT",
    ): "INSERT INTO action (action_id, action_type, piid, modification, amount, effective_date,"
    " description, vendors, terms) SELECT 'x', action_type, piid, modification, amount, effective_date, description,"
    " vendors, terms FROM action LIMIT 1",
    (
        "public.review_event",
        "INSERT",
    ): "INSERT INTO review_event SELECT gen_random_uuid(), flag_id, version + 1, 'assigned',"
    " 'x', 'X', now(), NULL, 'x', NULL, 'x', 'x' FROM flag WHERE version = 0 LIMIT 1",
    (
        "public.flag",
        "UPDATE",
    ): "WITH event AS (INSERT INTO review_event SELECT gen_random_uuid(), flag_id, version + 1,"
    " 'assigned', 'x', 'X', now(), NULL, 'x', NULL, 'x', 'x' FROM flag WHERE version = 0 LIMIT 1 RETURNING flag_id)"
    " UPDATE flag SET assignee = 'x', version = version + 1 FROM event WHERE flag.flag_id = event.flag_id",
    (
        "public.export_record",
        "INSERT",
    ): "INSERT INTO export_record VALUES (gen_random_uuid(), 'queue', NULL, 'x', 'x', 'X', now(), 'x', 1)",
    (
        "public.submission",
        "INSERT",
    ): "INSERT INTO submission (by, key, digest, outcome) VALUES ('x', 'x', 'x', '{}')",
    ("public.submission", "DELETE"): "DELETE FROM submission WHERE key = 'a week old'",
    ("public.saved_view", "INSERT"): "INSERT INTO saved_view VALUES ('x', 'x', 'x')",
    ("public.saved_view", "UPDATE"): "UPDATE saved_view SET query = 'y' WHERE owner = 'somebody'",
    ("public.saved_view", "DELETE"): "DELETE FROM saved_view WHERE owner = 'somebody'",
    ("public.draft", "INSERT"): "INSERT INTO draft (owner, flag_id, version, fields)"
    " SELECT 'x', flag_id, 0, '{}' FROM flag LIMIT 1",
    (
        "public.draft",
        "UPDATE",
    ): "UPDATE draft SET version = 1, fields = '{}', saved_at = now() WHERE owner = 'somebody'",
    ("public.draft", "DELETE"): "DELETE FROM draft WHERE owner = 'somebody'",
    ("public.web_session", "INSERT"): "INSERT INTO web_session (id_hash, subject, name, roles, data)"
    " VALUES ('x', 'x', 'X', '{}', '{}')",
    (
        "public.web_session",
        "UPDATE",
    ): "UPDATE web_session SET data = '{}', seen_at = now() WHERE id_hash = 'somebody'",
    ("public.web_session", "DELETE"): "DELETE FROM web_session WHERE id_hash = 'somebody'",
}
