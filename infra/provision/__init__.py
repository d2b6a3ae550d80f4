"""Prepares empty servers for the first run, and rotates their secrets: `triage provision` and `triage rotate`."""
