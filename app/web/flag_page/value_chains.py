"""From each value to the run: answer, call, credential, policy, identity. Values of one call share what follows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from app.credentials.tables import CallRow, CredentialRow
from app.procurement.labels import SOURCES, plural, worded
from app.review.queries import FlagPage, RunLineage, SourceAttempt, ValueLineage
from app.web.flag_page.compared_values import rule_of
from app.web.flag_page.lineage_nodes import Nodes
from app.web.flag_page.node import Node

#: Why a value has no lineage, by its source.
_ALONE = {"action": "stated by the action itself", "rules": "derived by the rules"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueChain:
    """One row: the nodes from a value to the run, or the value alone with the reason why there is no more (`alone`)."""

    nodes: tuple[Node, ...]
    alone: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueChains:
    """The rows of the picture and of its table. Nodes that several rows share are equal and stand together."""

    lines: Sequence[ValueChain]

    @classmethod
    def of(cls, page: FlagPage, run: RunLineage, nodes: Nodes) -> Self:
        """The lineage of a flag's values, and of the systems that were asked and stated none of them."""
        silent = dict(without_value(page, run))
        lines = [*_alone(page, silent, nodes), *_chained(page, silent, nodes)]
        return cls(lines=lines)

    @property
    def nodes(self) -> list[Node]:
        """Each node once: value by value down to its credential, then what all of them share."""
        shared = ("policy", "identity", "run")
        every = dict.fromkeys(node for line in self.lines for node in line.nodes)
        return sorted(every, key=lambda node: shared.index(node.kind) + 1 if node.kind in shared else 0)

    @property
    def values(self) -> int:
        """How many values it has."""
        return len({node for line in self.lines for node in line.nodes if node.kind == "value"})

    @property
    def open_links(self) -> list[Node]:
        """The nodes at which something is not established."""
        return [node for node in self.nodes if node.problems]

    @property
    def summary(self) -> str:
        """A text alternative to the picture."""
        kinds = [node.kind for node in self.nodes if not node.missing]
        counted = ", ".join(
            plural(kinds.count(kind), kind)
            for kind in ("value", "answer", "call", "credential")
            if kind in kinds
        )
        alone = sum(line.alone is not None for line in self.lines)
        stated = f"; {alone} of them without a call" if alone else ""
        problems = "; ".join(
            f"{node.title}: {problem}" for node in self.open_links for problem in node.problems
        )
        end = f"Not established: {problems}." if problems else "Every link is established."
        return f"{counted}{stated}. {end} The table below has every node in full."


def without_value(page: FlagPage, run: RunLineage) -> Iterator[tuple[str, SourceAttempt]]:
    """The sources that the rule reads but that gave none of the values, such as a file without the document."""
    if page.silent is not None:
        if page.silent.step or page.silent.denial or page.silent.credential:
            yield page.flag.subject, page.silent
        return
    stated = {line.evidence.source for line in page.values if line.evidence is not None}
    rule = rule_of(page.flag.rule)
    for source in rule.sources if rule else ():
        if source not in stated:
            yield source.value, run.source_attempt(attempt=page.flag.attempt, tool=source.value)


def _alone(page: FlagPage, silent: dict[str, SourceAttempt], nodes: Nodes) -> Iterator[ValueChain]:
    for line in page.values:
        source = line.value.source
        if line.evidence is not None or source in silent:
            continue
        why = _ALONE.get(source, "not in any answer of this system")
        yield ValueChain(nodes=(nodes.value(line),), alone=f"{why}: no call and no credential")


def _chained(page: FlagPage, silent: dict[str, SourceAttempt], nodes: Nodes) -> Iterator[ValueChain]:
    """Rows of one credential and call stand together."""
    order: dict[object, int] = {}

    def place(line: ValueLineage) -> tuple[int, int]:
        credential, call = line.credential, line.call
        return (
            order.setdefault(credential.credential_id if credential else None, len(order)),
            order.setdefault(call.call_id if call else None, len(order)),
        )

    known = [line for line in page.values if line.evidence is not None]
    for line in known:
        place(line)
    for line in sorted(known, key=place):
        yield ValueChain(nodes=(nodes.value(line), *_from_call(line.call, line.credential, nodes)))
    for source, asked in silent.items():
        stated = [
            nodes.value(line) for line in page.values if line.value.source == source and not line.evidence
        ]
        first, *more = stated or [nodes.nothing(source, worded(SOURCES, source))]
        if asked.denial is not None:
            rest = [nodes.refused(asked.denial)]
        else:
            rest = [_from_call(call, asked.credential, nodes, source) for call in asked.calls or (None,)]
        yield from (ValueChain(nodes=(first, *each)) for each in rest)
        yield from (ValueChain(nodes=(value, *rest[-1])) for value in more)


def _from_call(
    call: CallRow | None, credential: CredentialRow | None, nodes: Nodes, source: str = ""
) -> tuple[Node, ...]:
    tool = credential.tool if credential else source
    return (
        nodes.answer(call, tool),
        nodes.call(call, tool),
        nodes.credential(credential, tool),
        *nodes.shared(),
    )
