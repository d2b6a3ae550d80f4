# Besides infra/vault/production.hcl: the vault listens on the two networks of its clients, by its name on each, and
# not on the one it shares with the database.

listener "tcp" {
  address         = "vault-for-processes:8200"
  cluster_address = "127.0.0.1:8201"
  tls_cert_file   = "/vault/secrets/tls.pem"
  tls_key_file    = "/vault/secrets/tls.key"
}

listener "tcp" {
  address         = "vault-for-tools:8200"
  cluster_address = "127.0.0.1:8202"
  tls_cert_file   = "/vault/secrets/tls.pem"
  tls_key_file    = "/vault/secrets/tls.key"
}
