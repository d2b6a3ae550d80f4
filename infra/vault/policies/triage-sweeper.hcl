# Ends what an ended attempt holds, by accessor, and asks whether it is dead. It can neither obtain nor read a credential.

path "auth/token/lookup-accessor" {
  capabilities = ["update"]
}

path "auth/token/revoke-accessor" {
  capabilities = ["update"]
}

path "auth/approle/role/triage-run/secret-id-accessor/destroy" {
  capabilities = ["update"]
}

path "sys/leases/lookup" {
  capabilities = ["update"]
}

path "sys/leases/revoke" {
  capabilities = ["update"]
}
