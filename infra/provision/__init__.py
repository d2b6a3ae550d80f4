"""Everything between empty servers and the first run, and the rotation of what it made; `triage provision` becomes it."""
