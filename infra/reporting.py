"""How the steps of provisioning report: each change in one line, and the reason why a step stopped."""

from collections.abc import Callable

#: Receives one line for each change.
Say = Callable[[str], None]


class ProvisionError(Exception):
    """A step could not be finished. The text is one line that names the server or secret, and the reason."""
