"""What the five systems say about a set of actions, and what a correct triage finds there."""
