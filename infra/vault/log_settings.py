"""What the vault's log must state in clear, so that it alone says for whom a run acted and what it was given."""

from infra.vault.entry import Entry

#: Without it the vault answers requests over a rate limit without a line.
LOGGED_REFUSALS = Entry(
    name="log of rate limits", path="sys/quotas/config", data={"enable_rate_limit_audit_logging": True}
)
LOG_SETTINGS = (
    Entry(
        name="log of identities",  # the metadata of each SecretID
        path="sys/mounts/auth/approle/tune",
        data={"audit_non_hmac_request_keys": ["metadata"]},
    ),
    Entry(
        name="log of database users",
        path="sys/mounts/database/tune",
        data={"audit_non_hmac_response_keys": ["username"]},
    ),
    LOGGED_REFUSALS,
)
