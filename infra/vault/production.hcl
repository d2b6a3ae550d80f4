# A vault outside the demo: storage that lasts, TLS, a key file that unseals it at every start, two audit devices.
#
# Paths are those of docker-compose.yml. Where it listens is in a file beside this one; BAO_RAFT_NODE_ID names the node
# where there are several.

storage "raft" {
  path    = "/vault/data"
  node_id = "vault"
}

# 32 random bytes. Without this file the storage is lost; with it, any copy of the storage can be read.
seal "static" {
  current_key_id = "1"
  current_key    = "file:///vault/secrets/seal-key"
}

# The same paths on every node: the settings are replicated, and a node that cannot write there cannot take over.
# The mode lets the folder's group read; give the folder that group and the setgid bit, so that new files get it too.
# After renaming the files, send SIGHUP: the vault begins new ones.
audit "file" "file" {
  options {
    file_path     = "/vault/audit/audit.log"
    hmac_accessor = "false"
    mode          = "0640"
  }
}

# The same entries once more, for the reconciler alone. Keep them on another disk: the vault answers as long as it can
# write one of the two.
audit "file" "file-2" {
  options {
    file_path     = "/vault/audit-2/audit-2.log"
    hmac_accessor = "false"
    mode          = "0640"
  }
}

ui = false
