# Mints wrapped, single-use SecretIDs for runs, and can do nothing else: an unwrapped mint is refused by the
# minimum wrapping TTL, and the dispatcher cannot log in as a run because it never sees a SecretID.

path "auth/approle/role/triage-run/secret-id" {
  capabilities     = ["update"]
  min_wrapping_ttl = "10s"
  max_wrapping_ttl = "30m"
}
