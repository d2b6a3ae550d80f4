"""What can go wrong with the local stack; each text is fit to be shown to the person who typed the command."""


class StackError(Exception):
    """The stack could not be started or went down; the text says which part and why."""


class AlreadyRunningError(StackError):
    """Another stack holds this state folder."""


class AddressTakenError(StackError):
    """Somebody else bound the chosen port between choosing and binding."""


class OutsideError(StackError):
    """Servers that run elsewhere cannot be used as they are named; the text has a line for each thing that is missing."""
