# Cuts off the agent or one of its tools, and lets it on again: two exact forms for each.

path "identity/entity/name/triage-agent" {
  capabilities        = ["update"]
  allowed_parameters  = { "disabled" = [true, false] }
  required_parameters = ["disabled"]
}

path "sys/policies/acl/switch-weather" {
  capabilities       = ["update"]
  allowed_parameters = { "policy" = ["# on", "path \"auth/token/create/weather\" { capabilities = [\"deny\"] }"] }
}

path "sys/policies/acl/switch-soil" {
  capabilities       = ["update"]
  allowed_parameters = { "policy" = ["# on", "path \"database/creds/soil-reader\" { capabilities = [\"deny\"] }"] }
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
