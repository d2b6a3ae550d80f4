# Keeps the agent's policies and roles as the installed version wants them.
#
# A policy's writer can put anything into it, so this identity is in effect the administrator of the agent. It may not
# touch what is not listed below: no mounts, no auth methods, no rate limits, no audit devices, no other policies and
# roles, no tokens, no credentials, and no change to its own policy, the rotator's or the backup's.

path "sys/policies/acl/triage-run" {
  capabilities = ["create", "read", "update"]
}

path "sys/policies/acl/triage-dispatcher" {
  capabilities = ["create", "read", "update"]
}

path "sys/policies/acl/triage-sweeper" {
  capabilities = ["create", "read", "update"]
}

path "sys/policies/acl/triage-auditor" {
  capabilities = ["create", "read", "update"]
}

path "sys/policies/acl/triage-switch" {
  capabilities = ["create", "read", "update"]
}

path "sys/policies/acl/tool-contracts" {
  capabilities = ["create", "read", "update"]
}

path "sys/policies/acl/tool-documents" {
  capabilities = ["create", "read", "update"]
}

path "auth/approle/role/triage-run" {
  capabilities = ["create", "read", "update"]
}

path "auth/approle/role/triage-dispatcher" {
  capabilities = ["create", "read", "update"]
}

path "auth/approle/role/triage-sweeper" {
  capabilities = ["create", "read", "update"]
}

path "auth/approle/role/triage-auditor" {
  capabilities = ["create", "read", "update"]
}

path "auth/approle/role/triage-switch" {
  capabilities = ["create", "read", "update"]
}

path "auth/token/roles/contracts" {
  capabilities = ["create", "read", "update"]
}

path "auth/token/roles/documents" {
  capabilities = ["create", "read", "update"]
}

path "identity/oidc/role/sam-gov" {
  capabilities = ["create", "read", "update"]
}

path "identity/oidc/role/debarment" {
  capabilities = ["create", "read", "update"]
}

path "database/roles/ledger-reader" {
  capabilities = ["create", "read", "update"]
}

# The vault replaces its password for the ledger by one that only the vault knows.
path "database/rotate-root/ledger" {
  capabilities = ["update"]
}

# Read only, to notice that they differ: changing them takes a root token.

path "sys/policies/acl/triage-operator" {
  capabilities = ["read"]
}

path "sys/policies/acl/triage-rotator" {
  capabilities = ["read"]
}

path "sys/policies/acl/triage-backup" {
  capabilities = ["read"]
}

path "auth/approle/role/triage-operator" {
  capabilities = ["read"]
}

path "auth/approle/role/triage-rotator" {
  capabilities = ["read"]
}

path "auth/approle/role/triage-backup" {
  capabilities = ["read"]
}

path "sys/policies/acl/switch-sam-gov" {
  capabilities = ["read"]
}

path "sys/policies/acl/switch-debarment" {
  capabilities = ["read"]
}

path "sys/policies/acl/switch-contracts" {
  capabilities = ["read"]
}

path "sys/policies/acl/switch-documents" {
  capabilities = ["read"]
}

path "sys/policies/acl/switch-ledger" {
  capabilities = ["read"]
}

path "identity/oidc/key/triage" {
  capabilities = ["read"]
}

path "identity/oidc/config" {
  capabilities = ["read"]
}

path "database/config/ledger" {
  capabilities = ["read"]
}

path "sys/mounts/auth/approle/tune" {
  capabilities = ["read"]
}

path "sys/mounts/database/tune" {
  capabilities = ["read"]
}

path "sys/quotas/config" {
  capabilities = ["read"]
}

path "sys/quotas/rate-limit/triage-run" {
  capabilities = ["read"]
}

path "sys/quotas/rate-limit/triage-run-sam-gov" {
  capabilities = ["read"]
}

path "sys/quotas/rate-limit/triage-run-debarment" {
  capabilities = ["read"]
}

path "sys/quotas/rate-limit/triage-run-contracts" {
  capabilities = ["read"]
}

path "sys/quotas/rate-limit/triage-run-documents" {
  capabilities = ["read"]
}

path "sys/quotas/rate-limit/triage-run-ledger-reader" {
  capabilities = ["read"]
}
