"""Runs, lineage, findings"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# Least privilege, by process. The agent worker writes attempts and results; it can neither read a finding back
# nor touch a decision. The dispatcher and the sweeper see no finding at all. Nobody but the owner deletes.
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO triage_app, triage_dispatcher, triage_worker",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO triage_app",
    "GRANT INSERT ON action, run, disposition TO triage_app",
    "GRANT SELECT ON run, attempt, credential, heartbeat TO triage_dispatcher",
    "GRANT UPDATE (state, attempt, not_before, finished_at, waiting_reason, failure) ON run TO triage_dispatcher",
    "GRANT INSERT ON attempt, alarm, heartbeat TO triage_dispatcher",
    "GRANT UPDATE (state, revoked_at, revoked_by, ended_at, failure) ON attempt TO triage_dispatcher",
    "GRANT UPDATE (revoked_at, ended_by) ON credential TO triage_dispatcher",
    "GRANT UPDATE (seen_at, problem) ON heartbeat TO triage_dispatcher",
    "GRANT SELECT ON action, run, attempt TO triage_worker",
    "GRANT UPDATE (state, started_at, finished_at, not_before, waiting_reason, failure) ON run TO triage_worker",
    (
        "GRANT UPDATE (state, lease_until, worker, claimed_at, entity_id, policy, login_request_id, token_accessor,"
        " token_issued_at, token_expires_at, revoked_at, revoked_by, ended_at, failure) ON attempt TO triage_worker"
    ),
    "GRANT INSERT ON step, credential, denial, call, evidence, discrepancy, compared_value, alarm TO triage_worker",
    "GRANT SELECT (run_id, attempt, number, tool), UPDATE (outcome) ON step TO triage_worker",
    "GRANT SELECT (run_id, attempt, kind, revoked_at), UPDATE (revoked_at, ended_by) ON credential TO triage_worker",
)


def upgrade() -> None:
    op.create_table(
        "action",
        sa.Column("action_id", sa.String(), nullable=False),
        sa.Column("action_type", sa.String(), nullable=False),
        sa.Column("piid", sa.String(), nullable=False),
        sa.Column("modification", sa.String(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("effective_date", sa.Date(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("vendors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("action_id"),
    )
    op.create_index(op.f("ix_action_piid"), "action", ["piid"], unique=False)
    op.create_table(
        "alarm",
        sa.Column("alarm_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("alarm_id"),
    )
    op.create_table(
        "heartbeat",
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("process"),
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_reason", sa.String(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["action.action_id"],
        ),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_index(op.f("ix_run_action_id"), "run", ["action_id"], unique=False)
    op.create_index("ix_run_queue", "run", ["state", "requested_at"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret_id_accessor", sa.String(), nullable=False),
        sa.Column("wrapping_accessor", sa.String(), nullable=False),
        sa.Column("entity_id", sa.String(), nullable=True),
        sa.Column("policy", sa.String(), nullable=True),
        sa.Column("login_request_id", sa.String(), nullable=True),
        sa.Column("token_accessor", sa.String(), nullable=True),
        sa.Column("token_issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.run_id"],
        ),
        sa.PrimaryKeyConstraint("run_id", "number"),
    )
    op.create_index("ix_attempt_open", "attempt", ["state", "lease_until"], unique=False)
    op.create_index(
        "ix_attempt_unrevoked", "attempt", ["lease_until"], postgresql_where=sa.text("revoked_at IS NULL")
    )
    op.create_table(
        "discrepancy",
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("authority_codified", sa.String(), nullable=False),
        sa.Column("authority_rfo", sa.String(), nullable=False),
        sa.Column("match_score", sa.Float(), nullable=True),
        sa.Column("match_compared", sa.String(), nullable=True),
        sa.Column("recommended", sa.String(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["action.action_id"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.run_id"],
        ),
        sa.PrimaryKeyConstraint("flag_id"),
        sa.UniqueConstraint("run_id", "rule", "subject"),
    )
    op.create_index(op.f("ix_flag_action_id"), "discrepancy", ["action_id"], unique=False)
    op.create_index("ix_flag_queue", "discrepancy", ["severity", "raised_at"], unique=False)
    op.create_index(op.f("ix_flag_run_id"), "discrepancy", ["run_id"], unique=False)
    op.create_table(
        "credential",
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("vault_path", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("accessor", sa.String(), nullable=True),
        sa.Column("lease_id", sa.String(), nullable=True),
        sa.Column("service_user", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id", "attempt"],
            ["attempt.run_id", "attempt.number"],
        ),
        sa.PrimaryKeyConstraint("credential_id"),
        sa.UniqueConstraint("fingerprint"),
        sa.UniqueConstraint("request_id"),
    )
    op.create_index(op.f("ix_credential_run_id"), "credential", ["run_id"], unique=False)
    op.create_table(
        "denial",
        sa.Column("denial_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("vault_path", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id", "attempt"],
            ["attempt.run_id", "attempt.number"],
        ),
        sa.PrimaryKeyConstraint("denial_id"),
    )
    op.create_index(op.f("ix_denial_run_id"), "denial", ["run_id"], unique=False)
    op.create_table(
        "disposition",
        sa.Column("disposition_id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("rationale", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["flag_id"],
            ["discrepancy.flag_id"],
        ),
        sa.PrimaryKeyConstraint("disposition_id"),
    )
    op.create_index(op.f("ix_disposition_flag_id"), "disposition", ["flag_id"], unique=False)
    op.create_table(
        "step",
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id", "attempt"],
            ["attempt.run_id", "attempt.number"],
        ),
        sa.PrimaryKeyConstraint("step_id"),
    )
    op.create_index(op.f("ix_step_run_id"), "step", ["run_id"], unique=False)
    op.create_table(
        "call",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latency_ms", sa.Float(), nullable=False),
        sa.Column("answer_digest", sa.String(), nullable=True),
        sa.Column("answer_bytes", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["credential.credential_id"],
        ),
        sa.PrimaryKeyConstraint("call_id"),
    )
    op.create_index(op.f("ix_call_credential_id"), "call", ["credential_id"], unique=False)
    op.create_index(op.f("ix_call_run_id"), "call", ["run_id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("record_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fact", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("pulled_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["call.call_id"],
        ),
        sa.PrimaryKeyConstraint("evidence_id"),
    )
    op.create_index(op.f("ix_evidence_call_id"), "evidence", ["call_id"], unique=False)
    op.create_index(op.f("ix_evidence_run_id"), "evidence", ["run_id"], unique=False)
    op.create_table(
        "compared_value",
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("record_key", sa.String(), nullable=True),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["flag_id"],
            ["discrepancy.flag_id"],
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["evidence.evidence_id"],
        ),
        sa.PrimaryKeyConstraint("flag_id", "position"),
    )

    for statement in GRANTS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("compared_value")
    op.drop_index(op.f("ix_evidence_run_id"), table_name="evidence")
    op.drop_index(op.f("ix_evidence_call_id"), table_name="evidence")
    op.drop_table("evidence")
    op.drop_index(op.f("ix_call_run_id"), table_name="call")
    op.drop_index(op.f("ix_call_credential_id"), table_name="call")
    op.drop_table("call")
    op.drop_index(op.f("ix_step_run_id"), table_name="step")
    op.drop_table("step")
    op.drop_index(op.f("ix_disposition_flag_id"), table_name="disposition")
    op.drop_table("disposition")
    op.drop_index(op.f("ix_denial_run_id"), table_name="denial")
    op.drop_table("denial")
    op.drop_index(op.f("ix_credential_run_id"), table_name="credential")
    op.drop_table("credential")
    op.drop_index(op.f("ix_flag_run_id"), table_name="discrepancy")
    op.drop_index("ix_flag_queue", table_name="discrepancy")
    op.drop_index(op.f("ix_flag_action_id"), table_name="discrepancy")
    op.drop_table("discrepancy")
    op.drop_index("ix_attempt_unrevoked", table_name="attempt")
    op.drop_index("ix_attempt_open", table_name="attempt")
    op.drop_table("attempt")
    op.drop_index("ix_run_queue", table_name="run")
    op.drop_index(op.f("ix_run_action_id"), table_name="run")
    op.drop_table("run")
    op.drop_table("heartbeat")
    op.drop_table("alarm")
    op.drop_index(op.f("ix_action_piid"), table_name="action")
    op.drop_table("action")
