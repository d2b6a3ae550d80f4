"""What can stop provisioning; each text is one line, fit for the person who typed the command."""


class ProvisionError(Exception):
    """A step could not be finished; the text says which server or secret, and why."""
