# A vault outside the demo: storage that lasts, TLS, a key file that unseals it at every start, an audit log.
#
# Paths are those of docker-compose.yml. BAO_API_ADDR and BAO_CLUSTER_ADDR name the addresses others reach this node by,
# BAO_RAFT_NODE_ID the node where there are several.

storage "raft" {
  path    = "/vault/data"
  node_id = "vault"
}

listener "tcp" {
  address         = "[::]:8200"
  cluster_address = "[::]:8201"
  tls_cert_file   = "/vault/secrets/tls.pem"
  tls_key_file    = "/vault/secrets/tls.key"

  # Only to make a root token from the recovery keys: set this, restart, run `triage provision vault`, remove it.
  # disable_unauthed_generate_root_endpoints = false
}

# 32 random bytes. Without this file the storage is lost; with it, any copy of the storage can be read.
seal "static" {
  current_key_id = "1"
  current_key    = "file:///vault/secrets/seal-key"
}

# The same path on every node: the setting is replicated, and a node that cannot write there cannot take over.
# The mode lets the folder's group read; give the folder that group and the setgid bit, so that new files get it too.
# After renaming the file, send SIGHUP: the vault begins a new one.
audit "file" "file" {
  options {
    file_path     = "/vault/audit/audit.log"
    hmac_accessor = "false"
    mode          = "0640"
  }
}

api_addr     = "https://127.0.0.1:8200"
cluster_addr = "https://127.0.0.1:8201"
ui           = false
