"""What the pattern must know about a tool. A domain extends this record with what it needs itself."""

from dataclasses import dataclass

from app.credentials.grants import Grant


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolRecord:
    """One tool: its name in credentials, steps and the vault, and the credential each run gets for it.

    `after` names the tools whose answers its second round of questions waits for; the first round waits for none.
    """

    name: str
    credential: Grant
    after: tuple[str, ...] = ()

    @property
    def address_setting(self) -> str:
        """The setting that holds the tool's address: `key_store_url` for a tool named "key-store"."""
        return f"{self.name.replace('-', '_')}_url"

    @property
    def deadline_setting(self) -> str:
        """The setting of its own time limit: `key_store_deadline`."""
        return f"{self.name.replace('-', '_')}_deadline"

    @property
    def log_setting(self) -> str:
        """The setting that names the log of its requests or logins: `key_store_log`."""
        return f"{self.name.replace('-', '_')}_log"
