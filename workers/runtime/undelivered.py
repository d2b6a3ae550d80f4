"""Why an alarm did not reach its receiver."""


class UndeliveredError(Exception):
    """The receiver does not have it. The text is the reason in plain words, without a secret.

    `is_refused` says that the receiver answered, so that other alarms may still reach it.
    """

    def __init__(self, reason: str, *, is_refused: bool) -> None:
        super().__init__(reason)
        self.is_refused = is_refused
