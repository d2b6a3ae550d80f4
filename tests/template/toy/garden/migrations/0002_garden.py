"""Beds, and what they need; the job and the result of a run"""

from alembic import op

from app.connections.compatibility import TABLES

revision = TABLES
down_revision = "1.0026"

STATEMENTS = (
    "CREATE TABLE bed (bed_id varchar PRIMARY KEY, place varchar NOT NULL)",
    "ALTER TABLE run ADD FOREIGN KEY (job_id) REFERENCES bed",
    """
    CREATE TABLE watering (
        run_id uuid PRIMARY KEY,
        attempt integer NOT NULL,
        decided_at timestamptz NOT NULL,
        bed_id varchar NOT NULL REFERENCES bed,
        litres numeric(6, 1),
        reason varchar NOT NULL,
        FOREIGN KEY (run_id, attempt) REFERENCES attempt)
    """,
    "GRANT SELECT ON bed, watering TO triage_app",
    """
    CREATE FUNCTION load_bed(its_run uuid, its_number integer, its_proof bytea) RETURNS SETOF bed
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        PERFORM hold_attempt(its_run, its_number, its_proof);
        RETURN QUERY SELECT b.* FROM bed AS b JOIN run AS r ON r.job_id = b.bed_id WHERE r.run_id = its_run;
    END $$
    """,
    """
    CREATE FUNCTION store_watering(its_run uuid, its_number integer, its_proof bytea, litres numeric, reason text)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        its_bed text := finish_attempt(its_run, its_number, its_proof);
    BEGIN
        INSERT INTO watering VALUES (its_run, its_number, now(), its_bed, litres, reason);
    END $$
    """,
    "GRANT EXECUTE ON FUNCTION load_bed, store_watering TO triage_worker",
)


def upgrade():
    for statement in STATEMENTS:
        op.execute(statement)
