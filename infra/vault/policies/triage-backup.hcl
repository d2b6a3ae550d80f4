# Takes snapshots of the vault's storage. They are encrypted: opening one takes the seal key as well.

path "sys/storage/raft/snapshot" {
  capabilities = ["read"]
}
