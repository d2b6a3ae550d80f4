# Cuts off the agent or one of its tools, and lets it on again: two exact forms for each. It ends credentials by accessor or
# lease. It can neither obtain nor read one, and nothing else can be written here, whatever the process is made to ask.

path "identity/entity/name/triage-agent" {
  capabilities        = ["update"]
  allowed_parameters  = { "disabled" = [true, false] }
  required_parameters = ["disabled"]
}

path "sys/policies/acl/switch-sam-gov" {
  capabilities       = ["update"]
  allowed_parameters = { "policy" = ["# on", "path \"identity/oidc/token/sam-gov\" { capabilities = [\"deny\"] }"] }
}

path "sys/policies/acl/switch-debarment" {
  capabilities       = ["update"]
  allowed_parameters = { "policy" = ["# on", "path \"identity/oidc/token/debarment\" { capabilities = [\"deny\"] }"] }
}

path "sys/policies/acl/switch-contracts" {
  capabilities       = ["update"]
  allowed_parameters = { "policy" = ["# on", "path \"auth/token/create/contracts\" { capabilities = [\"deny\"] }"] }
}

path "sys/policies/acl/switch-documents" {
  capabilities       = ["update"]
  allowed_parameters = { "policy" = ["# on", "path \"auth/token/create/documents\" { capabilities = [\"deny\"] }"] }
}

path "sys/policies/acl/switch-ledger" {
  capabilities       = ["update"]
  allowed_parameters = { "policy" = ["# on", "path \"database/creds/ledger-reader\" { capabilities = [\"deny\"] }"] }
}

path "auth/token/lookup-accessor" {
  capabilities = ["update"]
}

path "auth/token/revoke-accessor" {
  capabilities = ["update"]
}

path "sys/leases/lookup" {
  capabilities = ["update"]
}

path "sys/leases/revoke" {
  capabilities = ["update"]
}
