# One run of the agent: an issuing path for each tool, and its own end. No default policy, no wildcard, nothing for payments.

path "identity/oidc/token/sam-gov" {
  capabilities = ["read"]
}

path "identity/oidc/token/debarment" {
  capabilities = ["read"]
}

path "auth/token/create/contracts" {
  capabilities       = ["update"]
  allowed_parameters = { "meta" = [] }
}

path "auth/token/create/documents" {
  capabilities       = ["update"]
  allowed_parameters = { "meta" = [] }
}

path "database/creds/ledger-reader" {
  capabilities = ["read"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}
