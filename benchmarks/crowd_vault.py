"""Fills the record of the vault's log with any number of lines, of runs from before those of the crowd."""

from datetime import datetime, timedelta

import psycopg

from app.procurement.federal_time import eastern

#: Lines of one run: its identity, five credentials, and the end.
LINES = 9
#: Every so many runs somebody else is refused.
_REFUSED = 2_000

_RUNS = """
    INSERT INTO vault_event (request_id, kind, at, path, run_id, attempt, job_id, requested_by, token_accessor,
        accessor, secret_id_accessor, lease_id, service_user, remote_address, ended_at)
    SELECT gen_random_uuid(), kind, began + n * interval '0.1 s', path, run_id, 1, 'ACT-2026-' || r, 'bench',
        CASE asked WHEN 'dispatcher' THEN 'dispatcher-' || r / 5000 WHEN 'wrapping' THEN md5('w' || r)
            WHEN 'run' THEN md5('t' || r) END,
        CASE WHEN kind = 'minted' THEN md5('w' || r) WHEN kind = 'logged-in' THEN md5('t' || r)
            WHEN path LIKE 'auth/token/create/%%' THEN md5(path || r) END,
        CASE WHEN kind = 'minted' THEN md5('s' || r) END,
        CASE WHEN is_leased THEN path || '/' || md5('l' || r) END, CASE WHEN is_leased THEN 'v-' || md5('u' || r) END,
        '127.0.0.' || 1 + r %% 3, CASE WHEN kind IN ('logged-in', 'issued') THEN began + interval '2 s' END
    FROM generate_series(1, %(runs)s) AS r,
        LATERAL (SELECT md5('run' || r)::uuid AS run_id,
            now() - interval '60 days' + interval '30 days' * r / %(runs)s AS began) AS its,
        (VALUES (1, 'minted', 'auth/approle/role/triage-run/secret-id', 'dispatcher', false),
            (2, 'unwrapped', 'sys/wrapping/unwrap', 'wrapping', false),
            (3, 'logged-in', 'auth/approle/login', NULL, false),
            (4, 'issued', 'identity/oidc/token/sam-gov', 'run', false),
            (5, 'issued', 'identity/oidc/token/debarment', 'run', false),
            (6, 'issued', 'auth/token/create/contracts', 'run', false),
            (7, 'issued', 'auth/token/create/documents', 'run', false),
            (8, 'issued', 'database/creds/ledger-reader', 'run', true),
            (9, 'revoked', 'auth/token/revoke-self', 'run', false)) AS line (n, kind, path, asked, is_leased)
    ORDER BY r, n
"""
_REFUSALS = """
    INSERT INTO vault_event (request_id, kind, at, path, remote_address)
    SELECT gen_random_uuid(), 'login-refused', now() - interval '60 days' + interval '30 days' * r / %(refusals)s,
        'auth/approle/login', '198.51.100.7'
    FROM generate_series(1, %(refusals)s) AS r
"""
_FAR_BACK = """
    SELECT run_id, request_id, token_accessor, at FROM vault_event
    WHERE kind = 'revoked' AND at < now() - interval '50 days' ORDER BY at DESC LIMIT 1
"""


def fill(connection: psycopg.Connection, *, lines: int) -> None:
    """Insert about so many lines, of 30 days that ended 30 days ago."""
    runs = lines // LINES
    connection.execute(_RUNS, {"runs": runs})
    connection.execute(_REFUSALS, {"refusals": runs // _REFUSED})
    connection.execute("VACUUM (ANALYZE) vault_event")


def names(connection: psycopg.Connection) -> dict[str, str]:
    """What a line far back names, and the hour around it on Washington's clock."""
    row = connection.execute(_FAR_BACK).fetchone()
    if row is None:
        return {}
    run_id, request_id, token, at = row
    hour: datetime = at.replace(minute=0, second=0, microsecond=0)
    since, until = (f"{eastern(each):%Y-%m-%dT%H:%M}" for each in (hour, hour + timedelta(hours=1)))
    return {"old_run": str(run_id), "request": request_id, "token": token, "since": since, "until": until}
