"""Compares the findings of the rules with the known answers: `triage evaluate`."""
