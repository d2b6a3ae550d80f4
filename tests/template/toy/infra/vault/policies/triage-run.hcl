# One run: an API key for the weather, a user of the soil database, and its own end.

path "auth/token/create/weather" {
  capabilities       = ["update"]
  allowed_parameters = { "meta" = [] }
}

path "database/creds/soil-reader" {
  capabilities = ["read"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}
