"""Alarms with a life: seen again, acknowledged, closed, and sent to those who must know"""

from alembic import op

revision = "1.0009"
down_revision = "1.0007"

TABLES = (
    # `raised_at` is when it was seen first. A closed alarm that is seen again is a new one.
    """
    ALTER TABLE alarm
        ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN seen bigint NOT NULL DEFAULT 1,
        ADD COLUMN credential_id uuid,
        ADD COLUMN state varchar NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'closed'))
    """,
    "DROP TRIGGER rows_stay ON alarm",
    "UPDATE alarm SET last_seen_at = raised_at",
    "CREATE INDEX ix_alarm_unclosed ON alarm (raised_at, alarm_id) WHERE state <> 'closed'",
    "CREATE INDEX ix_alarm_run ON alarm (run_id) WHERE run_id IS NOT NULL",
    # What a person did about an alarm.
    """
    CREATE TABLE alarm_event (
        alarm_id uuid REFERENCES alarm, state varchar, PRIMARY KEY (alarm_id, state),
        by varchar NOT NULL, by_name varchar NOT NULL,
        at timestamptz NOT NULL DEFAULT now(), reason varchar NOT NULL)
    """,
    # The ways in which alarms are sent, as the process that sends them was set up.
    "CREATE TABLE alarm_channel (channel varchar PRIMARY KEY, since timestamptz NOT NULL DEFAULT now())",
    # One row for each alarm and channel, made with the alarm: a sender that dies loses none.
    """
    CREATE TABLE alarm_delivery (
        alarm_id uuid REFERENCES alarm, channel varchar, PRIMARY KEY (alarm_id, channel),
        queued_at timestamptz NOT NULL DEFAULT now(),
        next_try_at timestamptz NOT NULL DEFAULT now(), tries integer NOT NULL DEFAULT 0,
        problem varchar, sent_at timestamptz)
    """,
    "CREATE INDEX ix_alarm_delivery_due ON alarm_delivery (channel, next_try_at) WHERE sent_at IS NULL",
)

FUNCTIONS = (
    # One alarm for one thing, until it is closed: each further time it is counted. True: it is new.
    """
    CREATE OR REPLACE FUNCTION alarm_once(its_kind text, its_detail text, its_run uuid, its_attempt integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('alarm ' || left(its_kind, 100) || left(its_detail, 500), 0));
        UPDATE alarm SET seen = seen + 1, last_seen_at = now()
        WHERE kind = left(its_kind, 100) AND detail = left(its_detail, 500) AND state <> 'closed'
            AND run_id IS NOT DISTINCT FROM its_run AND attempt IS NOT DISTINCT FROM its_attempt;
        IF FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO alarm (run_id, attempt, kind, detail)
        VALUES (its_run, its_attempt, left(its_kind, 100), left(its_detail, 500));
        RETURN true;
    END $$
    """,
    # The same, about one credential of that attempt.
    """
    CREATE FUNCTION alarm_credential(its_kind text, its_detail text, its_credential uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        its credential;
        is_new boolean;
    BEGIN
        SELECT * INTO its FROM credential WHERE credential_id = its_credential;
        is_new := alarm_once(its_kind, its_detail, its.run_id, its.attempt);
        UPDATE alarm SET credential_id = its.credential_id
        WHERE is_new AND kind = left(its_kind, 100) AND detail = left(its_detail, 500) AND state = 'open'
            AND run_id IS NOT DISTINCT FROM its.run_id AND attempt IS NOT DISTINCT FROM its.attempt;
        RETURN is_new;
    END $$
    """,
    # False: there is no such alarm, or it is closed, or acknowledged already.
    """
    CREATE FUNCTION handle_alarm(its_alarm uuid, its_state text, its_person text, its_name text, why text)
    RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF its_state NOT IN ('acknowledged', 'closed') OR (its_state = 'closed' AND coalesce(btrim(why), '') = '') THEN
            RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
                MESSAGE = 'an alarm is acknowledged, or closed with a reason';
        END IF;
        UPDATE alarm SET state = its_state
        WHERE alarm_id = its_alarm AND (state = 'open' OR (state = 'acknowledged' AND its_state = 'closed'));
        IF FOUND THEN
            INSERT INTO alarm_event (alarm_id, state, by, by_name, reason)
            VALUES (its_alarm, its_state, left(its_person, 200), left(its_name, 200), left(coalesce(why, ''), 4000));
        END IF;
        RETURN FOUND;
    END $$
    """,
    """
    CREATE FUNCTION queue_deliveries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        INSERT INTO alarm_delivery (alarm_id, channel) SELECT NEW.alarm_id, channel FROM alarm_channel;
        RETURN NULL;
    END $$
    """,
    # A channel that is new gets the alarms that are still open. Of one that is gone, what was queued stays queued.
    """
    CREATE FUNCTION use_channels(channels text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        DELETE FROM alarm_channel WHERE channel <> ALL (channels);
        WITH new AS (
            INSERT INTO alarm_channel (channel) SELECT unnest(channels) ON CONFLICT DO NOTHING RETURNING channel)
        INSERT INTO alarm_delivery (alarm_id, channel)
        SELECT alarm_id, new.channel FROM new, alarm WHERE state = 'open' ON CONFLICT DO NOTHING;
    END $$
    """,
    # The next that is due, for one sender for a minute. After that it is tried again, since the sender may have died.
    """
    CREATE FUNCTION take_delivery(its_channel text) RETURNS TABLE (
        alarm_id uuid, kind varchar, detail varchar, run_id uuid, attempt integer, credential_id uuid,
        raised_at timestamptz, tries integer)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        WITH due AS (
            SELECT d.alarm_id FROM alarm_delivery AS d
            WHERE d.channel = its_channel AND d.sent_at IS NULL AND d.next_try_at <= now()
            ORDER BY d.next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED),
        taken AS (
            UPDATE alarm_delivery AS d SET tries = d.tries + 1, next_try_at = now() + interval '1 min'
            FROM due WHERE d.alarm_id = due.alarm_id AND d.channel = its_channel
            RETURNING d.alarm_id, d.tries)
        SELECT a.alarm_id, a.kind, a.detail, a.run_id, a.attempt, a.credential_id, a.raised_at, taken.tries
        FROM taken JOIN alarm AS a USING (alarm_id)
    $$
    """,
    # `why_not` is NULL when the receiver has it. One that does not answer at all is asked again at once, by a sender that
    # pauses itself; one that refuses this alarm gets it later and later.
    """
    CREATE FUNCTION note_delivery(its_alarm uuid, its_channel text, why_not text, is_refused boolean) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE alarm_delivery SET problem = left(why_not, 500), sent_at = CASE WHEN why_not IS NULL THEN now() END,
            next_try_at = now() + CASE WHEN is_refused THEN least(2 ^ least(tries, 10), 300) ELSE 0 END * interval '1 s'
        WHERE alarm_id = its_alarm AND channel = its_channel AND sent_at IS NULL
    $$
    """,
)

TRIGGERS = (
    *(
        f"CREATE TRIGGER rows_stay BEFORE {events} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept as they are')"
        for events, table in (
            ("DELETE OR TRUNCATE", "alarm"),
            ("DELETE OR TRUNCATE", "alarm_delivery"),
            ("UPDATE OR DELETE OR TRUNCATE", "alarm_event"),
        )
    ),
    """
    CREATE TRIGGER columns_stay BEFORE UPDATE OF alarm_id, run_id, attempt, kind, detail, raised_at ON alarm
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('this column is written once')
    """,
    """
    CREATE TRIGGER only_forward BEFORE UPDATE ON alarm FOR EACH ROW WHEN (
        OLD.state = 'closed' OR (OLD.state = 'acknowledged' AND NEW.state = 'open')
        OR NEW.seen < OLD.seen OR NEW.last_seen_at < OLD.last_seen_at
        OR (OLD.credential_id IS NOT NULL AND OLD.credential_id IS DISTINCT FROM NEW.credential_id))
    EXECUTE FUNCTION refuse_change('an alarm only goes forward')
    """,
    """
    CREATE TRIGGER only_once BEFORE UPDATE ON alarm_delivery FOR EACH ROW WHEN (OLD.sent_at IS NOT NULL)
    EXECUTE FUNCTION refuse_change('it was sent')
    """,
    """
    CREATE TRIGGER queue_deliveries AFTER INSERT ON alarm FOR EACH ROW EXECUTE FUNCTION queue_deliveries()
    """,
)

# As in 1.0006: a connection that began with empty tables would read them whole ever after.
_PLANS = "SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
PLANS = tuple(
    f"ALTER FUNCTION {function} {_PLANS}"
    for function in ("alarm_once", "alarm_credential", "handle_alarm", "take_delivery", "note_delivery")
)

_INNER = "alarm_credential, handle_alarm, queue_deliveries, use_channels, take_delivery, note_delivery"
GRANTS = (
    f"REVOKE ALL ON FUNCTION {_INNER} FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION handle_alarm TO triage_app",
    "GRANT EXECUTE ON FUNCTION use_channels, take_delivery, note_delivery TO triage_sweeper",
    "GRANT SELECT ON alarm_event, alarm_channel, alarm_delivery TO triage_app",
    # Provisioning makes the login before it migrates; a database without a reconciler has none.
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'triage_reconciler') THEN
            GRANT EXECUTE ON FUNCTION alarm_once, alarm_credential TO triage_reconciler;
        END IF;
    END $$
    """,
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *TRIGGERS, *PLANS, *GRANTS):
        op.execute(statement)
