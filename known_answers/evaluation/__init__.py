"""Holds what the checks find against what a careful officer would: `triage evaluate`."""
