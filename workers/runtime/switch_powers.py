"""The powers of the switch process at the vault: two forms of the agent's entity, two texts of each tool's policy, and ends."""

from app.credentials.switch_orders import Turn, policy_of, policy_text
from app.credentials.switch_records import HeldCredential
from app.credentials.tool_record import ToolRecord
from workers.runtime.credential_ends import CredentialEnds
from workers.runtime.process_identity import ProcessIdentity

#: The entity that all runs share. Nobody may read it: it names the RoleID.
_ENTITY = "identity/entity/name/triage-agent"


class SwitchPowers:
    """All methods raise `VaultRefusedError` and `VaultUnavailableError`."""

    def __init__(self, identity: ProcessIdentity) -> None:
        self._identity = identity
        self._ends = CredentialEnds(identity)

    def turn_agent(self, turn: Turn) -> None:
        """Refuse the agent every login and every call, or let it on again."""
        self._identity.write(_ENTITY, {"disabled": turn is Turn.OFF}, repeatable=True)

    def turn_tool(self, tool: ToolRecord, turn: Turn) -> None:
        """Refuse the credentials of one tool to all runs, or issue them again."""
        path = f"sys/policies/acl/{policy_of(tool.name)}"
        self._identity.write(path, {"policy": policy_text(tool.credential, turn)}, repeatable=True)

    def end(self, held: HeldCredential) -> bool:
        """End a token with all that was issued to it, or a lease; whether the vault says that it is dead.

        False for a signed token, which nobody can end.
        """
        if held.accessor is not None:
            if self._ends.metadata(held.accessor) is not None:
                self._ends.end_token(held.accessor)
            return self._ends.metadata(held.accessor) is None
        if held.lease_id is not None:
            if self._ends.is_lease_alive(held.lease_id):
                self._ends.end_lease(held.lease_id)
            return not self._ends.is_lease_alive(held.lease_id)
        return False
