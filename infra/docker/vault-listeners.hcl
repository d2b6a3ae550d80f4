# Besides infra/vault/production.hcl: the vault listens on the two networks of its clients, by its name on each, and
# not on the one it shares with the database. There is one node, so nobody reaches its cluster port.

listener "tcp" {
  address         = "vault-for-processes:8200"
  cluster_address = "127.0.0.1:8201"
  tls_cert_file   = "/vault/secrets/tls.pem"
  tls_key_file    = "/vault/secrets/tls.key"

  # Only to make a root token from the recovery keys: set this, restart, run `provision` again, remove it.
  # disable_unauthed_generate_root_endpoints = false
}

listener "tcp" {
  address         = "vault-for-tools:8200"
  cluster_address = "127.0.0.1:8202"
  tls_cert_file   = "/vault/secrets/tls.pem"
  tls_key_file    = "/vault/secrets/tls.key"
}

api_addr     = "https://vault:8200"
cluster_addr = "https://127.0.0.1:8201"
