"""What the vault's own log says of the records of a contract file, in print."""

from collections.abc import Iterator

from app.contract_file.blocks import Block, note, paragraph, strong
from app.contract_file.log_check import CheckedLog
from app.procurement.labels import plural
from app.reconciliation.verdict import Verdict

#: Contradictions that are printed at most.
_PROBLEMS = 50


def vault_log(log: CheckedLog) -> Iterator[Block]:
    """The verdict, with each contradiction and each premise that is not proven."""
    yield paragraph(
        "The vault writes each request to its log. Every identity and credential on record was compared with the lines of"
        " these runs, and the lines with the chain of digests over the log."
    )
    match log.verdict:
        case Verdict.PASS:
            yield paragraph(
                strong("Pass."),
                "The log agrees with every record, and its lines lie on the chain as it was anchored.",
            )
        case Verdict.FAIL:
            yield note(strong("Fail."), *log.problems[:_PROBLEMS])
            if len(log.problems) > _PROBLEMS:
                yield note(f"Not listed: {plural(len(log.problems) - _PROBLEMS, 'problem')}.")
        case Verdict.NOT_ESTABLISHED:
            yield note(
                strong("Not established."), "No contradiction was found. These premises are not proven:"
            )
    for premise in log.missing:
        yield paragraph(f"Not proven: {premise}.")
