"""Which reports and documents belong to a contract under all the PIIDs it has had."""

from app.procurement.case_file import CaseFile, cached_per_case
from app.procurement.contract_facts import FiledDocument, ReportedAction
from app.procurement.instrument_numbers import contract_key
from app.procurement.rules.support.contract_history import Report, under
from app.procurement.rules.support.file_documents import Filed


def rows_of(case: CaseFile) -> list[Report]:
    """All reports of the contract, of whatever status and under any PIID it has had."""
    everything = case.of(ReportedAction)
    piids = piids_of(case)
    idv = case.action.referenced_idv
    return [
        item
        for item in everything
        if contract_key(item.fact.piid) in piids and (idv is None or under(idv, item.fact))
    ]


@cached_per_case
def piids_of(case: CaseFile) -> set[str]:
    """Every PIID the contract has had, as `contract_key` writes it: a change of PIID names the old one."""
    changes = {
        (contract_key(item.fact.piid), contract_key(item.fact.old_piid))
        for item in case.of(ReportedAction)
        if item.fact.old_piid
    }
    piids = {contract_key(case.action.piid)}
    for _ in changes:
        for new, old in changes:
            if piids & {new, old}:
                piids |= {new, old}
    return piids


def documents_of(case: CaseFile) -> list[Filed]:
    """All documents of the contract, likewise."""
    piids = piids_of(case)
    return [item for item in case.of(FiledDocument) if contract_key(item.fact.piid) in piids]
