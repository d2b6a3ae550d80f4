"""Errors of the local stack. Their texts are written for the person who typed the command."""


class StackError(Exception):
    """The stack could not be started, or has stopped; the text names the part and the reason."""


class AlreadyRunningError(StackError):
    """Another stack runs in this state folder."""


class AddressTakenError(StackError):
    """Another process bound the port after it was chosen."""


class OutsideError(StackError):
    """Outside servers cannot be used; the text has a line for each thing that is missing."""
