"""What each identity may do in the vault: path, capabilities, and what they are for. All else is refused.

`sudo`, `patch` and `delete` are in no row, and no path has a wildcard.
"""

RUN = "auth/approle/role/triage-run"
WRITE = {"create", "read", "update"}
AGENT = ("run", "dispatcher", "sweeper", "auditor", "switch")
CUSTODY = ("operator", "rotator", "backup")
SWITCHED = ("sam-gov", "debarment", "contracts", "documents", "ledger")
TOOLS = ("sam-gov", "debarment", "contracts", "documents", "ledger-reader")

#: By identity, then by path: capabilities and reason.
TABLE = {
    "run": {
        "identity/oidc/token/sam-gov": ({"read"}, "its signed token for SAM.gov"),
        "identity/oidc/token/debarment": ({"read"}, "its signed token for debarments"),
        "auth/token/create/contracts": ({"update"}, "its API key for contracts"),
        "auth/token/create/documents": ({"update"}, "its API key for documents"),
        "database/creds/ledger-reader": ({"read"}, "its user of the ledger"),
        "auth/token/revoke-self": ({"update"}, "a run ends all it holds"),
    },
    "contracts": {"auth/token/lookup-self": ({"read"}, "how the service checks the key it is shown")},
    "documents": {"auth/token/lookup-self": ({"read"}, "how the service checks the key it is shown")},
    "dispatcher": {f"{RUN}/secret-id": ({"update"}, "half of the login of each run, wrapped")},
    "sweeper": {
        "auth/token/lookup-accessor": ({"update"}, "whether a token is dead, and whose it is"),
        "auth/token/revoke-accessor": ({"update"}, "ends tokens and keys of an ended attempt"),
        f"{RUN}/secret-id-accessor/destroy": ({"update"}, "ends a SecretID that was not used"),
        "sys/leases/lookup": ({"update"}, "whether a user of the ledger is still leased"),
        "sys/leases/revoke": ({"update"}, "ends a user of the ledger"),
    },
    "auditor": {
        "auth/token/lookup-accessor": ({"update"}, "whether a token or key is alive"),
        "sys/leases/lookup": ({"update"}, "whether a user of the ledger is still leased"),
    },
    "switch": {
        "identity/entity/name/triage-agent": ({"update"}, "cuts off the agent, and lets it on again"),
        **{
            f"sys/policies/acl/switch-{tool}": ({"update"}, "cuts off one tool, and lets it on again")
            for tool in SWITCHED
        },
        "auth/token/lookup-accessor": ({"update"}, "whether a token is dead"),
        "auth/token/revoke-accessor": ({"update"}, "ends tokens and keys that were issued before"),
        "sys/leases/lookup": ({"update"}, "whether a user of the ledger is still leased"),
        "sys/leases/revoke": ({"update"}, "ends users of the ledger that were issued before"),
    },
    "rotator": {
        f"auth/approle/role/triage-{name}/{path}": (capabilities, reason)
        for name in (*AGENT[1:], *CUSTODY)
        for path, capabilities, reason in (
            ("secret-id", {"list", "update"}, "makes the next SecretID of a process, and finds earlier ones"),
            ("secret-id-accessor/destroy", {"update"}, "ends the earlier SecretIDs"),
        )
    },
    "operator": {
        **{
            f"sys/policies/acl/triage-{name}": (WRITE, "brings it to the installed version") for name in AGENT
        },
        **{
            f"auth/approle/role/triage-{name}": (WRITE, "brings it to the installed version")
            for name in AGENT
        },
        **{
            f"sys/policies/acl/tool-{name}": (WRITE, "brings it to the installed version")
            for name in TOOLS[2:4]
        },
        **{f"auth/token/roles/{name}": (WRITE, "brings it to the installed version") for name in TOOLS[2:4]},
        **{f"identity/oidc/role/{name}": (WRITE, "brings it to the installed version") for name in TOOLS[:2]},
        "database/roles/ledger-reader": (WRITE, "brings it to the installed version"),
        "database/rotate-root/ledger": ({"update"}, "a new password for the vault at the ledger"),
        **{f"sys/policies/acl/triage-{name}": ({"read"}, "says whether it differs") for name in CUSTODY},
        **{f"auth/approle/role/triage-{name}": ({"read"}, "says whether it differs") for name in CUSTODY},
        **{f"sys/policies/acl/switch-{tool}": ({"read"}, "says whether it differs") for tool in SWITCHED},
        **{
            f"sys/mounts/{mount}/tune": ({"read"}, "says whether it differs")
            for mount in ("auth/approle", "database")
        },
        **{
            f"sys/quotas/rate-limit/triage-run-{name}": ({"read"}, "says whether it differs")
            for name in TOOLS
        },
        "sys/quotas/rate-limit/triage-run": ({"read"}, "says whether it differs"),
        "sys/quotas/config": ({"read"}, "says whether it differs"),
        "identity/oidc/key/triage": ({"read"}, "says whether it differs"),
        "identity/oidc/config": ({"read"}, "says whether it differs"),
        "database/config/ledger": ({"read"}, "says whether it differs"),
    },
    "backup": {"sys/storage/raft/snapshot": ({"read"}, "copies the storage, which stays encrypted")},
}

#: Powers that no identity has, beside the other capabilities on the paths above.
NOBODY = (
    *(
        "sys/policies/acl",
        "sys/policies/acl/other",
        "sys/policies/acl/default",
        "sys/policies/acl/triage-run-2",
    ),
    *(
        "sys/policy",
        "sys/policy/triage-run",
        "sys/policies/password/x",
        "sys/capabilities",
        "sys/capabilities-self",
    ),
    *("sys/capabilities-accessor", "sys/mounts", "sys/mounts/kv", "sys/mounts/database", "sys/remount"),
    *(
        "sys/auth",
        "sys/auth/approle",
        "sys/auth/userpass",
        "sys/auth/approle/tune",
        "sys/audit",
        "sys/audit/file",
    ),
    *(
        "sys/audit-hash/file",
        "sys/config/auditing/request-headers",
        "sys/config/cors",
        "sys/config/ui/headers",
    ),
    *("sys/seal", "sys/rotate", "sys/rotate/keyring", "sys/rekey/init", "sys/rotate/recovery/init"),
    *("sys/generate-root/attempt", "sys/generate-root-token/attempt", "sys/raw/core", "sys/namespaces/other"),
    *("sys/storage/raft/snapshot-force", "sys/storage/raft/configuration", "sys/storage/raft/remove-peer"),
    *(
        "sys/plugins/catalog",
        "sys/plugins/reload/backend",
        "sys/quotas/rate-limit/other",
        "sys/quotas/rate-limit",
    ),
    *("sys/leases/renew", "sys/leases/tidy", "sys/leases/count", "sys/leases/lookup/database/creds"),
    *("sys/leases/revoke-prefix/database/creds", "sys/leases/revoke-force/database/creds", "sys/host-info"),
    *("sys/wrapping/wrap", "sys/tools/random", "sys/tools/hash", "sys/metrics"),
    *("sys/internal/counters/activity", "sys/internal/inspect/router/root", "sys/monitor"),
    *("sys/pprof/heap", "sys/in-flight-req", "sys/config/state/sanitized", "sys/loggers", "sys/locked-users"),
    *("auth/token/create", "auth/token/create-orphan", "auth/token/create/other", "auth/token/roles"),
    *(
        "auth/token/roles/other",
        "auth/token/accessors",
        "auth/token/lookup",
        "auth/token/renew",
        "auth/token/renew-self",
    ),
    *("auth/token/renew-accessor", "auth/token/revoke", "auth/token/revoke-orphan", "auth/token/tidy"),
    *(f"{RUN}/{path}" for path in ("role-id", "custom-secret-id", "secret-id/lookup", "secret-id/destroy")),
    *(
        f"{RUN}/{path}"
        for path in ("secret-id-accessor/lookup", "policies", "token-policies", "bind-secret-id")
    ),
    *(
        f"{RUN}/{path}"
        for path in ("secret-id-num-uses", "secret-id-ttl", "token-bound-cidrs", "local-secret-ids")
    ),
    *(
        f"auth/approle/role/triage-{name}/role-id"
        for name in ("dispatcher", "sweeper", "auditor", "switch", *CUSTODY)
    ),
    *(f"auth/approle/role/triage-{name}/custom-secret-id" for name in ("dispatcher", "sweeper", "operator")),
    *("auth/approle/role", "auth/approle/role/other", "auth/approle/tidy/secret-id", "auth/userpass/users/x"),
    *(
        "identity/entity/name",
        "identity/entity/id",
        "identity/entity/id/x",
    ),
    *("identity/entity", "identity/entity/merge", "identity/entity-alias", "identity/entity-alias/id"),
    *(
        "identity/lookup/entity",
        "identity/group",
        "identity/group/id",
        "identity/group-alias",
        "identity/persona",
    ),
    *("identity/oidc/token/other", "identity/oidc/role", "identity/oidc/role/other", "identity/oidc/key"),
    *("identity/oidc/key/other", "identity/oidc/key/triage/rotate", "identity/oidc/introspect"),
    *("identity/oidc/provider", "identity/oidc/client", "identity/oidc/assignment", "identity/oidc/scope"),
    *(
        "database/config",
        "database/config/other",
        "database/creds/other",
        "database/roles",
        "database/roles/other",
    ),
    *(
        "database/static-roles/x",
        "database/static-creds/x",
        "database/rotate-role/x",
        "database/reset/ledger",
    ),
    *("cubbyhole/x", "secret/data/payments", "kv/payments", "payments"),
)

#: What a policy says nothing about: verb and path, the status of the answer, and why that is no power.
ANYBODY = {
    ("POST", "sys/step-down"): (204, "does nothing on a single server"),
    ("POST", "sys/wrapping/lookup"): (
        400,
        "takes a wrapping token, which holders of a run's message have anyway",
    ),
    ("POST", "sys/wrapping/rewrap"): (
        400,
        "takes a wrapping token, which holders of a run's message have anyway",
    ),
    ("GET", "sys/internal/ui/mounts"): (200, "names the mounts of the paths that the token's policy has"),
}
