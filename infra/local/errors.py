"""What can go wrong with the local stack; each text is fit to be shown to the person who typed the command."""


class StackError(Exception):
    """The stack could not be started or went down; the text says which part and why."""


class AlreadyRunningError(StackError):
    """Another stack holds this state folder."""


class AddressTakenError(StackError):
    """Somebody else bound the chosen port between choosing and binding."""
