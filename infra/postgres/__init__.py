"""What databases need before a program touches them: roles, passwords, grants, tables."""
