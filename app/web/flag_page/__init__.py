"""The page of one flag: its values, what to do, the forms for officers, and the lineage of each value."""
