# Replaces the SecretIDs of our own processes: makes new ones, lists accessors, destroys by accessor. It never reads a
# RoleID: the other half of each login is in the file it replaces. With those files it can become each of them.

path "auth/approle/role/triage-dispatcher/secret-id" {
  capabilities = ["update", "list"]
}

path "auth/approle/role/triage-dispatcher/secret-id-accessor/destroy" {
  capabilities = ["update"]
}

path "auth/approle/role/triage-sweeper/secret-id" {
  capabilities = ["update", "list"]
}

path "auth/approle/role/triage-sweeper/secret-id-accessor/destroy" {
  capabilities = ["update"]
}

path "auth/approle/role/triage-auditor/secret-id" {
  capabilities = ["update", "list"]
}

path "auth/approle/role/triage-auditor/secret-id-accessor/destroy" {
  capabilities = ["update"]
}

path "auth/approle/role/triage-switch/secret-id" {
  capabilities = ["update", "list"]
}

path "auth/approle/role/triage-switch/secret-id-accessor/destroy" {
  capabilities = ["update"]
}

path "auth/approle/role/triage-operator/secret-id" {
  capabilities = ["update", "list"]
}

path "auth/approle/role/triage-operator/secret-id-accessor/destroy" {
  capabilities = ["update"]
}

path "auth/approle/role/triage-rotator/secret-id" {
  capabilities = ["update", "list"]
}

path "auth/approle/role/triage-rotator/secret-id-accessor/destroy" {
  capabilities = ["update"]
}

path "auth/approle/role/triage-backup/secret-id" {
  capabilities = ["update", "list"]
}

path "auth/approle/role/triage-backup/secret-id-accessor/destroy" {
  capabilities = ["update"]
}
