"""What the vault's own log says about the login, the issue, the use and the end behind a value."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.credentials.ending import Ending, EndState
from app.credentials.lineage import CredentialKind
from app.credentials.tables import AttemptRow, CredentialRow
from app.web.vault_side import LoggedRequest, VaultSide

_UNCHECKED = {
    CredentialKind.SIGNED_TOKEN: "checked offline, by its signature; the vault does not see it",
    CredentialKind.DATABASE_USER: "seen by the ledger; the vault does not see it",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class VaultLine:
    """One act as the vault's log has it: `what`, with the time and id of the request.

    `problem` says why the act is not established; `note` what takes the place of a line where the vault sees none.
    """

    what: str
    at: datetime | None = None
    request_id: str | None = None
    problem: str | None = None
    note: str | None = None


def of_login(attempt: AttemptRow, end: Ending | None, vault: VaultSide) -> Iterator[VaultLine]:
    """The login of a run, and the revocation of its token, which ends what was leased with it."""
    yield _of_request("login", attempt.login_request_id, vault)
    ends = [
        each
        for each in vault.requests
        if each.path == "auth/token/revoke-self"
        and each.asked_with
        and each.asked_with == attempt.token_accessor
    ]
    yield from (_logged("revocation", each) for each in ends[-1:])
    if not ends and end is not None and end.state is EndState.REVOKED and attempt.revoked_by == "run end":
        yield VaultLine(what="revocation", problem=_why(vault))


def of_credential(credential: CredentialRow, vault: VaultSide) -> Iterator[VaultLine]:
    """The issue of a credential, and each time a tool asked the vault about it."""
    yield _of_request("issue", credential.request_id, vault)
    note = _UNCHECKED.get(CredentialKind(credential.kind))
    if note is not None:
        yield VaultLine(what="use", note=note)
        return
    uses = [
        each
        for each in vault.requests
        if each.path == "auth/token/lookup-self"
        and each.asked_with
        and each.asked_with == credential.accessor
    ]
    yield from (_logged("use, checked by the tool", each) for each in uses)
    if not uses:
        yield VaultLine(what="use, checked by the tool", problem=_why(vault))


def _of_request(what: str, request_id: str | None, vault: VaultSide) -> VaultLine:
    found = next((each for each in vault.requests if each.request_id == request_id), None)
    if found is None or not vault.confirms(request_id):
        return VaultLine(what=what, request_id=request_id, problem=_why(vault))
    return _logged(what, found)


def _logged(what: str, request: LoggedRequest) -> VaultLine:
    problem = f"refused: {request.error}" if request.error else None
    return VaultLine(
        what=what, at=request.answered or request.asked, request_id=request.request_id, problem=problem
    )


def _why(vault: VaultSide) -> str:
    return "the vault’s log was not read" if vault.problem else "not in the vault’s log"
