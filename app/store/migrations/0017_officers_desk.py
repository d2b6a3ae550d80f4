"""Referrals to an office with a due date, the age of what is not decided, and drafts"""

from alembic import op

revision = "1.0017"
down_revision = "1.0016"

TABLES = (
    "ALTER TABLE review_event ADD COLUMN office varchar, ADD COLUMN due_on date",
    # Earlier referrals name no office, and stay as they are.
    """
    ALTER TABLE review_event ADD CONSTRAINT referral_names_office_and_day CHECK (
        CASE WHEN kind = 'decided' AND decision = 'referred'
        THEN office IS NOT NULL AND due_on IS NOT NULL AND length(office) BETWEEN 1 AND 100 AND office = btrim(office)
        ELSE office IS NULL AND due_on IS NULL END) NOT VALID
    """,
    "ALTER TABLE flag ADD COLUMN office varchar, ADD COLUMN due_on date, ADD COLUMN open_since timestamptz",
    """
    ALTER TABLE flag ADD CONSTRAINT only_referred_flags_are_due CHECK (
        (office IS NULL) = (due_on IS NULL) AND (office IS NULL OR (status = 'referred' AND decision = 'referred')))
    """,
    """
    WITH RECURSIVE way AS (
        SELECT flag_id, status, raised_at AS since FROM flag WHERE previous IS NULL
        UNION ALL
        SELECT later.flag_id, later.status, CASE WHEN way.status = 'closed' THEN later.raised_at ELSE way.since END
        FROM flag AS later JOIN way ON later.previous = way.flag_id)
    UPDATE flag SET open_since = way.since FROM way WHERE way.flag_id = flag.flag_id
    """,
    "ALTER TABLE flag ALTER COLUMN open_since SET NOT NULL",
    # In the usual order of the queue. What stands last lets a filter pass over rows without reading them.
    """
    CREATE INDEX ix_flag_due ON flag (severity, raised_at, flag_id, due_on)
    WHERE current AND due_on IS NOT NULL
    """,
    """
    CREATE INDEX ix_flag_undecided ON flag (severity, raised_at, flag_id, open_since)
    WHERE current AND status IN ('open', 'awaiting_concurrence')
    """,
    """
    CREATE TABLE draft (
        owner varchar,
        flag_id uuid REFERENCES flag,
        version integer NOT NULL CHECK (version >= 0),
        fields jsonb NOT NULL CHECK (jsonb_typeof(fields) = 'object' AND octet_length(fields::text) <= 200000),
        saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (owner, flag_id))
    """,
    "CREATE INDEX ix_draft_saved_at ON draft (saved_at)",
)

FUNCTIONS = (
    # Named to come after describe_flag, which finds the flag before this one and what it carries over.
    """
    CREATE FUNCTION describe_referral() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        earlier flag%ROWTYPE;
    BEGIN
        SELECT * INTO earlier FROM flag WHERE flag_id = NEW.previous;
        NEW.open_since := CASE WHEN earlier.status <> 'closed' THEN earlier.open_since ELSE NEW.raised_at END;
        NEW.office := CASE WHEN NEW.status = 'referred' THEN earlier.office END;
        NEW.due_on := CASE WHEN NEW.status = 'referred' THEN earlier.due_on END;
        RETURN NEW;
    END $$
    """,
    # Its policy may ask for less than a year.
    """
    CREATE FUNCTION demand_day_ahead() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        today date := (now() AT TIME ZONE 'America/New_York')::date;
    BEGIN
        IF NEW.due_on NOT BETWEEN today AND today + 366 THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = 'a referral is due today or within a year, counted in Eastern days';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION demand_referral() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM review_event WHERE flag_id = NEW.flag_id AND number = NEW.version
                AND NEW.version = OLD.version + 1
                AND (office, due_on) IS NOT DISTINCT FROM (NEW.office, NEW.due_on)
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = 'UPDATE of flag is refused: no event of its history refers it so';
        END IF;
        RETURN NEW;
    END $$
    """,
)

TRIGGERS = (
    "CREATE TRIGGER describe_referral BEFORE INSERT ON flag FOR EACH ROW EXECUTE FUNCTION describe_referral()",
    """
    CREATE TRIGGER due_ahead BEFORE INSERT ON review_event FOR EACH ROW WHEN (NEW.due_on IS NOT NULL)
    EXECUTE FUNCTION demand_day_ahead()
    """,
    """
    CREATE TRIGGER referred_by_an_event BEFORE UPDATE ON flag FOR EACH ROW
    WHEN ((OLD.office, OLD.due_on) IS DISTINCT FROM (NEW.office, NEW.due_on))
    EXECUTE FUNCTION demand_referral()
    """,
    """
    CREATE TRIGGER opened_once BEFORE UPDATE OF open_since ON flag
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('this column is written once')
    """,
)

GRANTS = (
    "REVOKE ALL ON FUNCTION describe_referral, demand_day_ahead, demand_referral FROM PUBLIC",
    "GRANT UPDATE (office, due_on) ON flag TO triage_app",
    "GRANT SELECT, INSERT (owner, flag_id, version, fields), UPDATE (version, fields, saved_at), DELETE ON draft TO triage_app",
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *TRIGGERS, *GRANTS):
        op.execute(statement)
