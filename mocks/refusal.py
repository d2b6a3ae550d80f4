"""A request that is not answered: why, for the caller and for the access log."""


class RefusalError(Exception):
    """Answered with `status` in the service's own error shape. `reason` never contains what was presented."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class VaultUnreachableError(RefusalError):
    """A credential could not be checked, so it is not accepted."""

    def __init__(self) -> None:
        super().__init__(503, "the credential cannot be verified at the moment")
