"""A use that belongs to no recorded credential. Pure."""

from collections.abc import Iterator
from http import HTTPStatus

from app.reconciliation.leftover_kinds import USED_ONLY
from app.reconciliation.sides import Issued, Used
from app.reconciliation.verdict import Leftover, Side


def of_unknown(used: Used, issued: Issued | None) -> Iterator[Leftover]:
    """What is left over of it; `issued`: the credential by the vault. Refused without any credential it is nobody's."""
    where = f"at {used.system} from {used.remote_address or 'an unknown address'}"
    if used.fingerprint is None and used.service_user is None:
        if used.status is None or used.status >= HTTPStatus.BAD_REQUEST:
            return
        what = f"{used.system} answered {used.remote_address or 'an unknown address'} without a credential"
    elif used.is_refused:  # anybody may try any number: they are one alarm for each address
        what = f"a {'login' if used.service_user else 'credential'} was refused {where}; no record names it"
    elif used.service_user:
        what = f"user {used.service_user} was used {where}; no record names it"
    else:
        what = f"a credential ({used.fingerprint}) was used {where}; no record names it"
    yield Leftover(
        kind=USED_ONLY,
        detail=what,
        side=Side.TOOL,
        at=used.at,
        system=used.system,
        run_id=issued.run_id if issued else None,
        attempt=issued.attempt if issued else None,
    )
