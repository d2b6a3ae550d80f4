"""How far the clocks of our processes and of the vault are from the database's"""

from alembic import op

revision = "1.0007"
down_revision = "1.0006"

TABLES = (
    # A process has a row for each reporter, which is its process id; the vault has one for each kind of process that
    # measures it. `is_off`: the last measurement was beyond the limit.
    """
    CREATE TABLE clock (
        process varchar, host varchar, reporter varchar, PRIMARY KEY (process, host, reporter),
        ahead double precision NOT NULL, measured_at timestamptz NOT NULL,
        is_off boolean NOT NULL, alarmed_at timestamptz) WITH (fillfactor = 50)
    """,
)

FUNCTIONS = (
    # A process that was stopped between reading its clock and sending the time seems to be behind, once. So an alarm takes
    # two measurements in a row, and it is over below 4 s, so that a clock at the limit does not raise one after another.
    """
    CREATE FUNCTION compare_clock(its_process text, its_host text, its_reporter text, its_ahead double precision)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        known clock;
        off boolean;
    BEGIN
        SELECT * INTO known FROM clock WHERE process = its_process AND host = its_host AND reporter = its_reporter;
        off := abs(its_ahead) > CASE WHEN known.alarmed_at IS NULL THEN 5 ELSE 4 END;
        IF known.process IS NULL THEN
            DELETE FROM clock WHERE process = its_process AND measured_at < now() - interval '5 min';
            INSERT INTO clock SELECT its_process, its_host, its_reporter, its_ahead, now(), off, NULL
            WHERE (SELECT count(*) FROM clock WHERE process = its_process) < 100 ON CONFLICT DO NOTHING;
            RETURN;
        END IF;
        IF off = known.is_off AND (NOT off OR known.alarmed_at IS NOT NULL)
            AND known.measured_at > now() - interval '1 min'
        THEN
            RETURN;
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('clock of ' || its_process || its_host, 0));
        UPDATE clock SET ahead = its_ahead, measured_at = now(), is_off = off,
            alarmed_at = CASE WHEN off AND known.is_off THEN coalesce(alarmed_at, now()) END
        WHERE process = its_process AND host = its_host AND reporter = its_reporter;
        IF off AND known.is_off AND known.alarmed_at IS NULL AND NOT EXISTS (
            SELECT FROM clock WHERE process = its_process AND host = its_host AND reporter <> its_reporter
                AND alarmed_at IS NOT NULL AND measured_at > now() - interval '5 min')
        THEN
            INSERT INTO alarm (kind, detail) VALUES ('clock differs', format(
                'the clock of %s is %s s %s the database''s (%s)',
                CASE its_process WHEN 'vault' THEN 'the vault' ELSE 'host ' || its_host END, round(abs(its_ahead)),
                CASE WHEN its_ahead > 0 THEN 'ahead of' ELSE 'behind' END,
                CASE its_process WHEN 'vault' THEN 'measured by the ' || its_reporter
                    ELSE its_process || ', process ' || its_reporter END));
        END IF;
    END $$
    """,
    "DROP FUNCTION beat",
    # `its_time`: what the clock of the process shows now; NULL if the statement may take long. `vault_ahead`: by how many
    # seconds the vault is ahead of the process, NULL unless it was measured since the last time.
    """
    CREATE FUNCTION beat(
        its_problem text, its_host text, its_pid integer, its_time timestamptz, vault_ahead double precision)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        me text := CASE session_user WHEN 'triage_app' THEN 'web' ELSE replace(session_user, 'triage_', '') END;
        its_ahead double precision := extract(epoch FROM its_time - statement_timestamp());
    BEGIN
        INSERT INTO heartbeat AS known (process, problem) VALUES (me, left(its_problem, 500))
        ON CONFLICT (process) DO UPDATE SET seen_at = now(), problem = EXCLUDED.problem;
        IF its_time IS NULL THEN
            UPDATE clock SET is_off = false WHERE process = me AND host = left(its_host, 100)
                AND reporter = its_pid::text AND is_off AND alarmed_at IS NULL;
            RETURN;
        END IF;
        PERFORM compare_clock(me, left(its_host, 100), its_pid::text, its_ahead);
        IF vault_ahead IS NOT NULL THEN PERFORM compare_clock('vault', '', me, its_ahead + vault_ahead); END IF;
    END $$
    """,
)

GRANTS = (
    "REVOKE ALL ON FUNCTION beat, compare_clock FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION beat TO triage_app, triage_dispatcher, triage_sweeper, triage_worker",
    "GRANT SELECT ON clock TO triage_app, triage_sweeper",
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *GRANTS):
        op.execute(statement)
