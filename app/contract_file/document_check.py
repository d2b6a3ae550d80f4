"""Checks the two documents of a bundle: their histories, and that one says what the other says."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.contract_file.content import ANSWERS, JSON
from app.contract_file.histories import day_of, event_of, stretch_of
from app.review.flag_lineage import Stretch, broken, follows

_DECIDED = ("status", "decision", "office", "due_on", "history", "earlier")


def broken_histories(decisions: list[dict[str, Any]], flags: list[dict[str, Any]]) -> Iterator[str]:
    """The findings whose history is broken, or whose state does not follow from it."""
    assignees = {each["flag_id"]: each["assignee"] for each in flags}
    for each in decisions:
        which = f"{each['rule']} {each['subject']} ({each['flag_id']})"
        try:
            # Bundles of earlier versions carry nothing over.
            earlier = [stretch_of(stated) for stated in each.get("earlier", ())]
            own = Stretch(
                flag_id=UUID(each["flag_id"]),
                run_id=UUID(int=0),
                raised_at=datetime.fromtimestamp(0, UTC),
                version=int(each["events"]),
                carried=0,
                events=[event_of(stated) for stated in each["history"]],
            )
            due_on = day_of(each)
        except (KeyError, ValueError, TypeError, AttributeError):
            yield f"The history of finding {shown(which)} cannot be read."
            continue
        first = broken(earlier, own)
        if first is not None:
            run = "" if first.flag_id == own.flag_id else f" of the earlier finding {first.flag_id}"
            yield f"The history of finding {shown(which)} is broken: event {first.number}{run} was changed or is missing."
        elif not follows(
            earlier,
            own,
            status=each["status"],
            decision=each["decision"],
            assignee=assignees.get(each["flag_id"]),
            office=each.get("office"),
            due_on=due_on,
        ):
            yield f"The state of finding {shown(which)} does not follow from its history: it was changed without an event."


def disagreements(
    stated: Mapping[str, Any], manifest: Mapping[str, Any], listed: Mapping[str, Any]
) -> Iterator[str]:
    """Where `contract-file.json` and the manifest (of which `listed` is the list of files) differ, and wrong answers."""
    # Bundles of earlier versions do not have the last one.
    for name in ("exported_at", "exported_by", "tool", "ends_not_confirmed", "vault_log"):
        if stated.get(name) != manifest.get(name):
            yield f"{JSON} and the manifest differ in {name}."
    if stated["action"]["action_id"] != manifest["action_id"]:
        yield f"{JSON} and the manifest name different actions."
    if [run["run_id"] for run in stated["runs"]] != manifest["runs"]:
        yield f"{JSON} and the manifest name different runs."
    if [each for run in stated["runs"] for each in run["credentials"]] != manifest["credentials"]:
        yield f"{JSON} and the manifest differ in the lineage of credentials."
    decided = {each["flag_id"]: [each.get(name) for name in _DECIDED] for each in stated["flags"]}
    if decided != {each["flag_id"]: [each.get(name) for name in _DECIDED] for each in manifest["decisions"]}:
        yield f"{JSON} and the manifest differ in the decisions."
    received = {f"{ANSWERS}{call['call_id']}": call for run in stated["runs"] for call in run["calls"]}
    for name in sorted(name for name in listed if name.startswith(ANSWERS)):
        if name not in received:
            yield f"{shown(name)} does not belong to any call of these runs."
        elif received[name]["answer_digest"] != listed[name]["sha256"]:
            yield f"{shown(name)} is not the answer that was received: the call recorded another SHA-256."


def shown(text: object, *, most: int = 200) -> str:
    """Text from an untrusted file, on one line and cut to `most` characters."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(text)[:most])
