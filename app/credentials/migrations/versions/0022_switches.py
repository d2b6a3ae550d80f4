"""Orders to cut off the agent, a tool, a run or a credential, and what became of them"""

from alembic import op

revision = "1.0022"
down_revision = "1.0020"

TABLES = (
    # `carried_out_at`: when the vault took the order. It is done when nothing that it was to end is alive.
    """
    CREATE TABLE switch_order (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        order_id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
        kind varchar NOT NULL CHECK (kind IN ('agent', 'tool', 'run', 'credential')), target varchar NOT NULL,
        turn varchar NOT NULL CHECK (turn = 'off' OR (turn = 'on' AND kind IN ('agent', 'tool'))),
        reason varchar NOT NULL CHECK (btrim(reason) <> ''),
        ordered_by varchar NOT NULL, ordered_by_name varchar NOT NULL, ordered_at timestamptz NOT NULL DEFAULT now(),
        carried_out_at timestamptz, done_at timestamptz, outcome varchar,
        tries integer NOT NULL DEFAULT 0, next_try_at timestamptz NOT NULL DEFAULT now())
    """,
    "CREATE INDEX ix_switch_order_target ON switch_order (kind, target, number)",
    "CREATE INDEX ix_switch_order_open ON switch_order (number) WHERE done_at IS NULL",
    "CREATE INDEX ix_denial_refused ON denial (refused_at)",
)

FUNCTIONS = (
    # NULL: its last order was the same.
    """
    CREATE FUNCTION order_switch(its_kind text, its_target text, its_turn text, why text, its_person text, its_name text)
    RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        before text;
        its_order uuid;
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('switch ' || its_kind || its_target, 0));
        SELECT turn INTO before FROM switch_order WHERE kind = its_kind AND target = its_target
        ORDER BY number DESC LIMIT 1;
        IF coalesce(before, 'on') = its_turn THEN
            RETURN NULL;
        END IF;
        INSERT INTO switch_order (kind, target, turn, reason, ordered_by, ordered_by_name)
        VALUES (its_kind, left(its_target, 200), its_turn, left(why, 4000), left(its_person, 200), left(its_name, 200))
        RETURNING order_id INTO its_order;
        PERFORM pg_notify('triage_switches', '');
        RETURN its_order;
    END $$
    """,
    # Those of one target in their order: a later one waits until the one before it is done.
    """
    CREATE FUNCTION due_switches() RETURNS SETOF switch_order
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT o.* FROM switch_order AS o WHERE o.done_at IS NULL AND o.next_try_at <= now() AND NOT EXISTS (
            SELECT FROM switch_order AS earlier WHERE earlier.kind = o.kind AND earlier.target = o.target
                AND earlier.number < o.number AND earlier.carried_out_at IS NULL)
        ORDER BY o.number LIMIT 100
    $$
    """,
    # What the vault itself logged that an order is to end: of a tool or the agent what nobody has confirmed to be dead, of
    # a credential also if it is. `its_path` issues the tool's credentials. A token of the agent takes everything with it
    # that was issued to it.
    """
    CREATE FUNCTION held_by_switch(its_order uuid, its_path text) RETURNS TABLE (
        request_id varchar, accessor varchar, lease_id varchar, issued_at timestamptz, ended_at timestamptz)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT v.request_id, v.accessor, v.lease_id, v.at, v.ended_at
        FROM switch_order AS o JOIN vault_event AS v ON v.ended_at IS NULL AND CASE o.kind
            WHEN 'agent' THEN v.kind = 'logged-in'
            WHEN 'tool' THEN v.kind = 'issued' AND v.path = its_path
            ELSE false END
        WHERE o.order_id = its_order AND o.turn = 'off' AND v.kind IN ('logged-in', 'issued')
        UNION ALL
        SELECT v.request_id, v.accessor, v.lease_id, v.at, v.ended_at
        FROM switch_order AS o JOIN credential AS c ON c.credential_id::text = o.target
        JOIN vault_event AS v ON v.request_id = c.request_id::text
        WHERE o.order_id = its_order AND o.kind = 'credential' AND v.kind = 'issued'
            AND v.run_id = c.run_id AND v.attempt = c.attempt
    $$
    """,
    # `dead`: request ids of answers whose credential the vault no longer knows. Where the record names one of them, it
    # has ended too.
    """
    CREATE FUNCTION confirm_switched(dead text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE vault_event SET ended_at = now() WHERE request_id = ANY (dead) AND ended_at IS NULL AND kind = 'issued';
        UPDATE credential AS c SET revoked_at = now(), ended_by = 'switch'
        FROM vault_event AS v WHERE v.request_id = ANY (dead) AND v.kind = 'issued'
            AND c.request_id::text = v.request_id AND c.run_id = v.run_id AND c.attempt = v.attempt
            AND c.kind <> 'signed-token' AND c.revoked_at IS NULL
    $$
    """,
    # Ends a run as a person's request does; false until all that its attempts held is confirmed to be dead.
    """
    CREATE FUNCTION stop_switched(its_order uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        its switch_order;
    BEGIN
        SELECT * INTO its FROM switch_order WHERE order_id = its_order AND kind = 'run';
        UPDATE run SET stop_requested_at = now(), stop_requested_by = its.ordered_by
        WHERE run_id::text = its.target AND state IN ('requested', 'dispatched') AND stop_requested_at IS NULL;
        PERFORM pg_notify('triage_runs', '');
        RETURN NOT EXISTS (
            SELECT FROM run WHERE run_id::text = its.target AND state IN ('requested', 'dispatched')
        ) AND NOT EXISTS (SELECT FROM attempt WHERE run_id::text = its.target AND revoked_at IS NULL);
    END $$
    """,
    # NULL while the agent is on. The dispatcher mints nothing as soon as it is ordered off.
    """
    CREATE FUNCTION agent_is_off() RETURNS text
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT CASE turn WHEN 'off' THEN format('the agent was switched off by %s at %s UTC', ordered_by_name,
            to_char(ordered_at, 'YYYY-MM-DD HH24:MI:SS')) END
        FROM switch_order WHERE kind = 'agent' ORDER BY number DESC LIMIT 1
    $$
    """,
    # What became of an order. One that is not done is tried again, later each time, and after ten seconds an alarm.
    """
    CREATE FUNCTION note_switch(its_order uuid, is_carried_out boolean, is_done boolean, what text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        its switch_order;
        its_name text;
    BEGIN
        UPDATE switch_order SET outcome = left(what, 1000), tries = tries + 1,
            carried_out_at = coalesce(carried_out_at, CASE WHEN is_carried_out OR is_done THEN now() END),
            done_at = CASE WHEN is_done THEN now() END,
            next_try_at = now() + least(0.25 * 2 ^ least(tries, 10), 5) * interval '1 s'
        WHERE order_id = its_order AND done_at IS NULL RETURNING * INTO its;
        its_name := CASE its.kind WHEN 'agent' THEN 'the agent' ELSE its.kind || ' ' || its.target END;
        IF its.done_at IS NOT NULL THEN
            PERFORM alarm_once('access switched', format('%s was switched %s at %s UTC by %s: %s',
                its_name, its.turn, to_char(its.ordered_at, 'YYYY-MM-DD HH24:MI:SS'), its.ordered_by_name,
                left(its.reason, 300)), NULL, NULL);
        ELSIF its.ordered_at < now() - interval '10 s' THEN
            PERFORM alarm_once('switch not confirmed', format('%s, to be switched %s since %s UTC',
                its_name, its.turn, to_char(its.ordered_at, 'YYYY-MM-DD HH24:MI:SS')), NULL, NULL);
        END IF;
    END $$
    """,
)

TRIGGERS = (
    """
    CREATE TRIGGER rows_stay BEFORE DELETE OR TRUNCATE ON switch_order
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept as they are')
    """,
    """
    CREATE TRIGGER columns_stay
    BEFORE UPDATE OF order_id, kind, target, turn, reason, ordered_by, ordered_by_name, ordered_at ON switch_order
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('this column is written once')
    """,
    """
    CREATE TRIGGER only_forward BEFORE UPDATE ON switch_order FOR EACH ROW WHEN (
        OLD.done_at IS NOT NULL OR (OLD.carried_out_at IS NOT NULL AND OLD.carried_out_at <> NEW.carried_out_at))
    EXECUTE FUNCTION refuse_change('an order is done once')
    """,
)

_SWITCH = "due_switches, held_by_switch, confirm_switched, stop_switched, note_switch"
GRANTS = (
    f"REVOKE ALL ON FUNCTION order_switch, agent_is_off, {_SWITCH} FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION agent_is_off TO triage_dispatcher",
    "GRANT SELECT ON switch_order TO triage_app",
    "GRANT EXECUTE ON FUNCTION order_switch TO triage_app",
    f"GRANT EXECUTE ON FUNCTION {_SWITCH}, beat, tables_version TO triage_switch",
    "GRANT USAGE ON SCHEMA public TO triage_switch",
)


def upgrade() -> None:
    """Make them."""
    for statement in (*TABLES, *FUNCTIONS, *TRIGGERS, *GRANTS):
        op.execute(statement)
