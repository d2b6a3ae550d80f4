# Mints wrapped, single-use SecretIDs for runs, and can do nothing else. The minimum wrapping TTL refuses an unwrapped
# mint. A SecretID is half of a login: the other half, the RoleID of runs, is in the workers' secrets.

path "auth/approle/role/triage-run/secret-id" {
  capabilities     = ["update"]
  min_wrapping_ttl = "10s"
  max_wrapping_ttl = "30m"

  # Only the metadata, which says for whom the run is: no addresses, no lifetime, no number of uses.
  allowed_parameters  = { "metadata" = [] }
  required_parameters = ["metadata"]
}
