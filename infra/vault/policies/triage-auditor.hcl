# Asks whether a credential is still alive, by accessor or lease id. It can change nothing.

path "auth/token/lookup-accessor" {
  capabilities = ["update"]
}

path "sys/leases/lookup" {
  capabilities = ["update"]
}
