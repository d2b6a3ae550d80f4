"""What the pages of vendors, actions, alarms and the start look things up by, and runs that somebody asked to stop"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

INDEXES: tuple[tuple[str, str, list[Any], dict[str, Any]], ...] = (
    ("ix_action_submitted", "action", ["submitted_at", "action_id"], {}),
    (
        "ix_action_vendors",
        "action",
        ["vendors"],
        {"postgresql_using": "gin", "postgresql_ops": {"vendors": "jsonb_path_ops"}},
    ),
    (
        "ix_action_search",
        "action",
        [
            sa.text(
                "to_tsvector('simple', action_id || ' ' || piid || ' ' || coalesce(modification, '') || ' ' || description"
                " || ' ' || vendors::text)"
            )
        ],
        {"postgresql_using": "gin"},
    ),
    ("ix_action_id_begins", "action", ["action_id"], {"postgresql_ops": {"action_id": "text_pattern_ops"}}),
    ("ix_action_piid_begins", "action", ["piid"], {"postgresql_ops": {"piid": "text_pattern_ops"}}),
    ("ix_run_requested_by", "run", ["requested_by", "requested_at", "run_id"], {}),
    (
        "ix_run_stopping",
        "run",
        ["run_id"],
        {
            "postgresql_where": sa.text(
                "stop_requested_at IS NOT NULL AND state IN ('requested', 'dispatched')"
            )
        },
    ),
    (
        "ix_evidence_registration",
        "evidence",
        [sa.text("(fact ->> 'uei')"), "pulled_at"],
        {"postgresql_where": sa.text("kind = 'Registration'")},
    ),
    ("ix_credential_issued_at", "credential", ["issued_at"], {}),
    ("ix_flag_raised_at", "discrepancy", ["raised_at"], {}),
    ("ix_review_event_at", "review_event", ["at"], {}),
    ("ix_alarm_raised", "alarm", ["raised_at", "alarm_id"], {}),
)


def upgrade() -> None:
    for name, table, columns, options in INDEXES:
        op.create_index(name, table, columns, **options)


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table_name=table)
