# The documents API key: it can look itself up, which is how the service checks it, and nothing else in the vault.

path "auth/token/lookup-self" {
  capabilities = ["read"]
}
