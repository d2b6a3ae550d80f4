"""Messages arrive twice, late or never; a run still has one result, and a run that cannot succeed ends."""

import json
from base64 import b64decode
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

from app.connections.tls import trust_of
from app.credentials.proof import digest_of, proof_of
from workers.runtime import celery_app
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.vault import Vault


def publish(system, message):
    app = celery_app.make(system.settings("dispatcher"))
    with app.connection_for_write() as connection:
        app.send_task(celery_app.ATTEMPT, kwargs=message, queue=celery_app.QUEUE, connection=connection)


def message_of(fragile, run_id):
    """The message of a run that is at work, as it lies in the broker until its worker has ended."""
    port = int(fragile.stack.endpoints["valkey"].rsplit(":", 1)[1])
    with fragile.stack.startup.broker.administrator(port) as broker:
        entries = [json.loads(entry)[0] for entry in broker.hvals("triage:unacked")]
    messages = [json.loads(b64decode(entry["body"]))[1] for entry in entries]
    return next(message for message in messages if message["run_id"] == str(run_id))


def said(fragile, run_id, words):
    logs = [fragile.stack.layout.logs / f"worker-{number}.log" for number in (1, 2)]
    lines = [line for log in logs for line in log.read_text().splitlines()]
    return sum(str(run_id) in line and words in line for line in lines)


def test_the_same_message_twice_is_one_result(fragile, until):
    """The second copy finds the attempt taken. It does not even try the wrapping token, which would be an alarm."""
    system = fragile.system
    (run_id,) = system.request(fragile.hanging[0])
    until(lambda: fragile.is_at_work(run_id), what="the run at work")
    copied = message_of(fragile, run_id)
    publish(system, copied)
    publish(system, copied)
    until(lambda: fragile.ended([run_id]), what="the end of the run")
    ignored = "message without work"
    until(lambda: said(fragile, run_id, ignored) == 2, what="both copies")
    publish(system, copied)
    until(lambda: said(fragile, run_id, ignored) == 3, what="the copy after the end")
    assert [row["state"] for row in fragile.attempts(run_id)] == ["finished"]
    assert len(fragile.credentials(run_id)) == 5
    assert not system.rows("SELECT 1 FROM alarm WHERE run_id = %s", run_id)


def test_a_message_with_a_token_of_its_own_is_refused_with_an_alarm_and_harms_no_run(fragile, until):
    system = fragile.system
    (run_id,) = system.request(fragile.hanging[0])
    until(lambda: fragile.is_at_work(run_id), what="the run at work")
    publish(system, {"run_id": str(run_id), "attempt": 1, "wrapping_token": "s.made-up"})
    until(lambda: said(fragile, run_id, "message refused") == 1, what="the refusal")
    until(lambda: fragile.ended([run_id]), what="the end of the run")
    assert [row["state"] for row in fragile.attempts(run_id)] == ["finished"]
    told = "SELECT run_id, detail FROM alarm WHERE kind = 'unknown message' AND detail LIKE %s"
    (alarm,) = system.rows(told, f"%{run_id}%")
    assert alarm["run_id"] is None
    assert "the proof is not that of this attempt" in alarm["detail"]


def test_a_message_about_an_unknown_run_does_nothing(fragile, until):
    stranger = "00000000-0000-4000-8000-000000000000"
    publish(fragile.system, {"run_id": stranger, "attempt": 1, "wrapping_token": "s.made-up"})
    logs = [fragile.stack.layout.logs / f"worker-{number}.log" for number in (1, 2)]
    until(lambda: any(stranger in log.read_text() for log in logs), what="the message")
    assert not fragile.system.rows("SELECT 1 FROM alarm WHERE run_id = %s", stranger)


@contextmanager
def unstorable(system, action_id):
    """The result of one action can never be stored."""
    system.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no room for this result'; END $$"
    )
    condition = f"(NEW.state = 'completed' AND NEW.job_id = '{action_id}')"
    system.execute(
        f"CREATE TRIGGER refused BEFORE UPDATE ON run FOR EACH ROW WHEN {condition} EXECUTE FUNCTION refuse()"
    )
    yield
    system.execute("DROP TRIGGER refused ON run")
    system.execute("DROP FUNCTION refuse")


def test_a_run_that_always_fails_ends_as_failed_with_a_reason(fragile, until):
    system = fragile.system
    action_id = fragile.plain[0]
    with unstorable(system, action_id):
        (run_id,) = system.request(action_id)

        def ended() -> bool:
            system.execute(
                "UPDATE run SET not_before = NULL WHERE run_id = %s AND state = 'requested'", run_id
            )
            return fragile.ended([run_id])

        until(ended, seconds=60, what="the end of the run")
    run = fragile.run(run_id)
    assert run["state"] == "failed"
    assert run["failure"].startswith("5 attempts: ")
    assert run["failure"].endswith("in the worker")
    attempts = fragile.attempts(run_id)
    assert [row["state"] for row in attempts] == ["failed"] * 5
    assert all(row["failure"] for row in attempts)
    until(
        lambda: {row["revoked_by"] for row in fragile.attempts(run_id)} == {"run end"},
        what="the confirmed ends",
    )
    # Nothing of a result, everything of the lineage.
    assert not fragile.findings(run_id)
    assert not system.rows("SELECT 1 FROM evidence WHERE run_id = %s", run_id)
    assert len(fragile.credentials(run_id)) == 25
    until(lambda: not fragile.alive([run_id]), what="the end of everything leased")


def test_two_dispatchers_never_dispatch_an_attempt_twice(system, until):
    second = replace(system.stack.services.background("dispatcher"), name="dispatcher-2")
    system.stack.process_table.start(second, lambda _: True)
    try:
        run_ids = system.run(*system.actions[:24])
    finally:
        system.stack.process_table.stop("dispatcher-2")
    wanted = {str(run_id) for run_id in run_ids}
    logins = Counter()
    for line in system.audit_lines():
        metadata = (line.get("auth") or {}).get("metadata") or {}
        if (
            line["type"] == "response"
            and line["request"]["path"] == "auth/approle/login"
            and metadata.get("run_id") in wanted
        ):
            logins[metadata["run_id"], metadata["attempt"]] += 1
    assert set(logins.values()) == {1}
    assert len({run_id for run_id, _ in logins}) == len(run_ids)
    finished = system.rows(
        "SELECT run_id, count(*) AS times FROM attempt WHERE state = 'finished' AND run_id = ANY(%s)"
        " GROUP BY run_id",
        run_ids,
    )
    assert [row["times"] for row in finished] == [1] * len(run_ids)


def test_an_identity_that_was_introduced_before_is_an_alarm_and_the_run_starts_again(fragile, until):
    """A reader of the broker opens the wrapping token first: this is noticed, recorded, and of little use."""
    system = fragile.system
    settings = system.settings("dispatcher")
    thief = Vault(settings.need("vault_addr"), trust_of(settings))
    identity = ProcessIdentity(thief, settings.file("vault_identity_file"))
    (run_id,) = system.request(fragile.hanging[1])
    until(lambda: fragile.is_at_work(run_id), what="the run at work")
    minted = identity.mint(run_id=run_id, attempt=2, job_id="x", requested_by="test", wrapping_ttl=60)
    thief.write("sys/wrapping/unwrap", token=minted.wrapping_token)
    system.execute("UPDATE attempt SET state = 'lost', ended_at = now() WHERE run_id = %s", run_id)
    system.execute(
        "INSERT INTO attempt (run_id, number, state, dispatched_at, lease_until, secret_id_accessor,"
        " wrapping_accessor) VALUES (%s, 2, 'dispatched', now(), now() + interval '10 s', %s, %s)",
        run_id,
        minted.secret_id_accessor,
        minted.wrapping_accessor,
    )
    digest = digest_of(proof_of(minted.wrapping_token.reveal()))
    system.execute("INSERT INTO attempt_proof VALUES (%s, 2, %s)", run_id, digest)
    system.execute("UPDATE run SET attempt = 2 WHERE run_id = %s", run_id)
    publish(
        system,
        {"run_id": str(run_id), "attempt": 2, "wrapping_token": minted.wrapping_token.reveal()},
    )
    until(lambda: fragile.ended([run_id]), seconds=60, what="the end of the run")
    assert [row["state"] for row in fragile.attempts(run_id)] == ["lost", "failed", "finished"]
    # Seen by the worker, which cannot open it again, or before that by the sweeper in the vault's log.
    assert fragile.attempts(run_id)[1]["failure"].startswith(("no identity: ", "message stolen: "))
    alarms = system.rows("SELECT kind, attempt FROM alarm WHERE run_id = %s", run_id)
    assert {row["attempt"] for row in alarms} == {2}
    assert {row["kind"] for row in alarms} & {"introduction refused", "message stolen"}
