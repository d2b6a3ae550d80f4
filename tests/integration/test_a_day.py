"""Runs leave exactly the records that the pattern promises, counted in the vault's log by an independent parser."""

from collections import Counter

ISSUES = {
    "identity/oidc/token/sam-gov",
    "identity/oidc/token/debarment",
    "auth/token/create/contracts",
    "auth/token/create/documents",
    "database/creds/ledger-reader",
}

#: How a service checks an API key: the key looks itself up, so the line carries the key's own metadata.
INTROSPECTION = "auth/token/lookup-self"


def test_per_run_the_vault_logs_one_login_five_issues_and_one_revoke(system):
    run_ids = system.run(*system.actions)
    for run_id in run_ids:
        answered = [
            line["request"]["path"]
            for line in system.audit_lines(run_id)
            if line["type"] == "response"
            and not line.get("error")
            and line["request"]["path"] != INTROSPECTION
        ]
        expected = {"auth/approle/login": 1, "auth/token/revoke-self": 1, **dict.fromkeys(ISSUES, 1)}
        assert Counter(answered) == expected
