# Ends what a lost attempt held, by accessor. It can end credentials, and can neither obtain nor read one.

path "auth/token/revoke-accessor" {
  capabilities = ["update"]
}

path "auth/approle/role/triage-run/secret-id-accessor/destroy" {
  capabilities = ["update"]
}
