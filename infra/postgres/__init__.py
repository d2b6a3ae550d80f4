"""What the two databases need before the application touches them: roles, passwords, grants, tables."""
