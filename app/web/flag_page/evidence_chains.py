"""The calls and credentials behind a flag: those of its values, and those without a value."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from app.credentials.tables import CallRow, CredentialRow
from app.procurement.rules import RULES
from app.review.queries import FlagPage, RunPage, SourceAttempt, ValueLineage


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """One call and its credential, with the values from its answer."""

    values: tuple[ValueLineage, ...]
    call: CallRow
    credential: CredentialRow


def chains(page: FlagPage) -> list[Chain]:
    """The chains behind the values of a flag; values of the same call share one."""
    found = dict[UUID, Chain]()
    for line in page.values:
        if line.call is None or line.credential is None:
            continue
        known = found.get(line.call.call_id)
        values = (*known.values, line) if known else (line,)
        found[line.call.call_id] = Chain(values=values, call=line.call, credential=line.credential)
    return list(found.values())


def without_value(page: FlagPage, run: RunPage) -> Iterator[tuple[str, SourceAttempt]]:
    """The sources that the rule reads but that gave none of the values, such as a file without the document."""
    if page.silent is not None:
        yield page.flag.subject, page.silent
        return
    stated = {line.evidence.source for line in page.values if line.evidence is not None}
    for source in next((rule.sources for rule in RULES if rule.id == page.flag.rule), ()):
        if source not in stated:
            yield source.value, run.source_attempt(attempt=page.flag.attempt, tool=source.value)
