"""Beds, and what they need"""

from alembic import op

from app.connections.compatibility import TABLES

revision = TABLES
down_revision = "1.0001"

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
    "GRANT SELECT ON bed TO triage_worker",
    "GRANT INSERT ON watering TO triage_worker",
)


def upgrade():
    for statement in STATEMENTS:
        op.execute(statement)
