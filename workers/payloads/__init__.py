"""What the systems answer, as they write it: one module of models per system, strict where a rule reads."""
