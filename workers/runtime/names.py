"""Names shared by whoever sends a task and whoever carries it out."""

QUEUE = "triage-runs"
TRIAGE = "triage.attempt"
