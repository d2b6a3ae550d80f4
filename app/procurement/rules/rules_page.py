"""The rules as a page for officers: `python -m app.procurement.rules.rules_page > docs/rules.md`."""

from collections.abc import Iterable, Iterator

from app.procurement.finding import NOT_PERFORMED
from app.procurement.rule import Rule
from app.procurement.rules import RULES, TOPICS
from app.procurement.rules.support.value_text import listed
from app.procurement.systems import SYSTEMS

_HEAD = """\
# What the triage checks

<!-- Written by `python -m app.procurement.rules.rules_page`; a test fails when it is out of date. -->

{count} checks compare what {systems} systems say about one proposed action. A finding is a difference to review,
not a verdict; the contracting officer decides.

- **Blocking**: not to be signed before it is resolved or a written determination is on file.
- **Advisory**: to be reviewed.
- The table gives the usual severity; the special cases under each check can lower it, or leave nothing to find. Where a
  check can be worse than usual, its comparison says so.
- A check is made only when every system it needs has answered. If one stays silent, {silence} says which checks were not
  made, and the run is never clear.
- Each authority is cited twice: in the codified FAR, and in the overhauled text (RFO) that agencies use by deviation.
"""


def page(rules: Iterable[Rule] = RULES) -> str:
    """All rules in Markdown: a table of severities, then each with comparison, special cases, authority and action."""
    rules = tuple(rules)
    return "\n".join(
        (
            _HEAD.format(count=len(rules), systems=len(SYSTEMS), silence=NOT_PERFORMED),
            *_table(rules),
            *(line for rule in rules for line in _section(rule, rules)),
        )
    )


def _table(rules: tuple[Rule, ...]) -> Iterator[str]:
    yield "| Check | New award or order | Modification | Option | Version |"
    yield "| --- | --- | --- | --- | --- |"
    for rule in rules:
        usual = rule.severities.new_award, rule.severities.modification, rule.severities.option
        cells = " | ".join("not made" if severity is None else severity.value for severity in usual)
        yield f"| [{rule.id} {rule.title}](#{rule.id.lower()}) | {cells} | {rule.version} |"
    yield ""


def _section(rule: Rule, rules: tuple[Rule, ...]) -> Iterator[str]:
    topic = [other for other in rules if other.id[0] == rule.id[0]]
    if rule is topic[0]:
        yield f"## {TOPICS.get(rule.id[0], 'Other checks')}\n"
    yield f'<a id="{rule.id.lower()}"></a>\n'
    yield f"### {rule.id} {rule.title}\n"
    yield f"**Compared:** {rule.comparison}\n"
    yield f"**Systems:** {_systems(rule)}\n"
    yield f"**Authority:** {rule.authority.codified} (codified); {rule.authority.rfo} (overhauled).\n"
    yield "**Special cases:**\n"
    yield from (f"- {trap}" for trap in rule.traps)
    yield f"\n**What to do:** {rule.recommended}\n"


def _systems(rule: Rule) -> str:
    needed = [system.noun for system in SYSTEMS if system.source in rule.sources]
    useful = [system.noun for system in SYSTEMS if system.source in rule.helped_by]
    if not needed:
        return f"those that answered of {listed(useful, last='and')}."
    helped = f" Also of use: {listed(useful, last='and')}." if useful else ""
    return f"needs {listed(needed, last='and')}.{helped}"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  # the page is what this prints
