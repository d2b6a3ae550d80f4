"""Takes in the newer tables of the pattern; security events"""

from alembic import op

revision = "1.0012"
down_revision = ("1.0008", "1.0011")

TABLES = (
    """
    CREATE TABLE security_event (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL UNIQUE,
        at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        action varchar NOT NULL,
        outcome varchar NOT NULL CHECK (outcome IN ('succeeded', 'refused', 'failed', 'noted')),
        person varchar,
        address varchar,
        fingerprint varchar,
        object varchar,
        detail jsonb NOT NULL,
        reference varchar,
        times integer NOT NULL CHECK (times > 0))
    """,
    "CREATE INDEX ix_security_event_person ON security_event (person, number)",
    "CREATE INDEX ix_security_event_address ON security_event (address, number)",
    "CREATE INDEX ix_security_event_action ON security_event (action, number)",
    "CREATE INDEX ix_security_event_outcome ON security_event (outcome, number)",
    "CREATE INDEX ix_security_event_at ON security_event (at)",
)

FUNCTIONS = (
    # No event lies in the future, and one that is sent again, since its answer was lost, is stored once.
    """
    CREATE FUNCTION record_security_events(events jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        INSERT INTO security_event (event_id, at, action, outcome, person, address, fingerprint, object, detail,
            reference, times)
        SELECT event_id, least(at, clock_timestamp()), left(action, 200), outcome, left(person, 500),
            left(address, 100), left(fingerprint, 64), left(object, 500),
            CASE WHEN octet_length(detail::text) > 65536 THEN '{"cut": true}' ELSE detail END,
            left(reference, 100), times
        FROM jsonb_array_elements(events) WITH ORDINALITY AS sent (event, place),
            jsonb_to_record(event) AS stated (event_id uuid, at timestamptz, action text, outcome text, person text,
                address text, fingerprint text, object text, detail jsonb, reference text, times integer)
        ORDER BY place
        ON CONFLICT (event_id) DO NOTHING
    $$
    """,
)

TRIGGERS = (
    """
    CREATE TRIGGER rows_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON security_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept as they are')
    """,
)

GRANTS = (
    "REVOKE ALL ON FUNCTION record_security_events FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION record_security_events TO triage_app",
    "GRANT SELECT ON security_event TO triage_app",
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *TRIGGERS, *GRANTS):
        op.execute(statement)
