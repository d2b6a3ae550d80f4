"""One attempt whose end is being confirmed."""

from dataclasses import dataclass, field

from app.credentials.holdings import Holdings


@dataclass(slots=True)
class UnconfirmedEnd:
    """One attempt whose end is to be confirmed, and why it cannot be.

    `settled` are the names that have been asked about; `silent`: the vault did not answer.
    """

    held: Holdings
    settled: set[str] = field(default_factory=set)
    closed: bool = False
    silent: bool = False
    problem: str | None = None

    @property
    def new_tokens(self) -> set[str]:
        """Run tokens that nobody has asked about."""
        return self.held.run_tokens - self.settled

    def can_get_more(self, *, complete: bool) -> bool:
        """Whether more may be issued to it than was read. `complete`: the log could be read to its end."""
        if complete and not self.closed and not self.held.claimed_tokens and self.held.can_get_no_more:
            return False
        return not self.closed or bool(self.new_tokens)
