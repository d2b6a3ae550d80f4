# Where a vault of production.hcl listens: on every address of its machine; docker-compose.yml has another file for that.
# BAO_API_ADDR and BAO_CLUSTER_ADDR name the addresses others reach this node by.

listener "tcp" {
  address         = "[::]:8200"
  cluster_address = "[::]:8201"
  tls_cert_file   = "/vault/secrets/tls.pem"
  tls_key_file    = "/vault/secrets/tls.key"

  # Only to make a root token from the recovery keys: set this, restart, run `triage provision vault`, remove it.
  # disable_unauthed_generate_root_endpoints = false
}

api_addr     = "https://127.0.0.1:8200"
cluster_addr = "https://127.0.0.1:8201"
