"""When lines were written that could not be read; alarms about one credential that nobody raises again once closed"""

from alembic import op

revision = "1.0013"
down_revision = "1.0011"

TABLES = (
    # Lines that were found at `until` and written since the log was last read to its end; NULL: it never was.
    """
    CREATE TABLE unreadable_stretch (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source varchar NOT NULL, since timestamptz,
        until timestamptz NOT NULL, lines bigint NOT NULL)
    """,
    "CREATE INDEX ix_unreadable_stretch_source ON unreadable_stretch (source, number)",
    """
    INSERT INTO unreadable_stretch (source, until, lines)
    SELECT source, now(), unreadable FROM log_source WHERE unreadable > 0
    """,
)

FUNCTIONS = (
    # Whatever counts such a line. Of a log that goes on having them there is one row.
    """
    CREATE FUNCTION note_unreadable() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        began timestamptz;
        more bigint := NEW.unreadable;
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            began := OLD.read_until;
            more := more - OLD.unreadable;
        END IF;
        IF more > 0 THEN
            UPDATE unreadable_stretch SET until = clock_timestamp(), lines = lines + more
            WHERE number = (SELECT max(number) FROM unreadable_stretch WHERE source = NEW.source)
                AND (began IS NULL OR until >= began);
            IF NOT FOUND THEN
                INSERT INTO unreadable_stretch (source, since, until, lines)
                VALUES (NEW.source, began, clock_timestamp(), more);
            END IF;
        END IF;
        RETURN NULL;
    END $$
    """,
    # As `alarm_past`, about one credential.
    """
    CREATE FUNCTION alarm_past_credential(its_kind text, its_detail text, its_credential uuid, its_time timestamptz)
    RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM alarm AS a JOIN alarm_event AS e USING (alarm_id)
            JOIN credential AS c ON c.credential_id = its_credential AND c.run_id = a.run_id AND c.attempt = a.attempt
            WHERE a.kind = left(its_kind, 100) AND a.detail = left(its_detail, 500) AND e.state = 'closed'
                AND e.at >= its_time) THEN
            RETURN false;
        END IF;
        RETURN alarm_credential(its_kind, its_detail, its_credential);
    END $$
    """,
)

TRIGGERS = (
    """
    CREATE TRIGGER note_unreadable AFTER INSERT OR UPDATE ON log_source
    FOR EACH ROW EXECUTE FUNCTION note_unreadable()
    """,
    """
    CREATE TRIGGER rows_stay BEFORE DELETE OR TRUNCATE ON unreadable_stretch
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept as they are')
    """,
)

# As in 1.0006: a connection that began with empty tables would read them whole ever after.
_PLANS = "SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
PLANS = (f"ALTER FUNCTION alarm_past_credential {_PLANS}",)

GRANTS = (
    "REVOKE ALL ON FUNCTION note_unreadable, alarm_past_credential FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION alarm_past_credential TO triage_reconciler",
    "GRANT SELECT ON unreadable_stretch TO triage_reconciler, triage_app",
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *TRIGGERS, *PLANS, *GRANTS):
        op.execute(statement)
