# An API key of the weather service: it can look itself up, which is how the service checks it.

path "auth/token/lookup-self" {
  capabilities = ["read"]
}
