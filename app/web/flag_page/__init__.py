"""The page of one flag: its values side by side, the evidence behind each, its timeline, and the forms for officers."""
