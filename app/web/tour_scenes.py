"""The guided tour for presenters: `python -m app.web.tour_scenes > docs/demo-script.md`. The page of the demo shows the same."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from app.review.roles import Role

_HEAD = """\
# A demonstration in ten minutes

<!-- Written by `python -m app.web.tour_scenes`; a test fails when it is out of date. -->

For a presenter in front of security officers, contracting officers and engineers. Start with `make demo`, which serves the pages at
http://127.0.0.1:8000, and open two browser windows: sign in as **contracting officer A** in one and as **security operator A** in a private
one. The page “Tour” of the demo shows the same, with links. Every number on the way comes from the run in front of you.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One thing to do: as whom, in words, and the endpoint of the page where it is done, if it is on one."""

    by: Role
    text: str
    endpoint: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """One scene: how long it takes in minutes, what to say, and what to do."""

    title: str
    minutes: float
    say: str
    moves: tuple[Move, ...]


SCENES = (
    Scene(
        title="Watch a run in its seven steps",
        minutes=2,
        say="The agent holds no password and no key. For this one run it gets five credentials, one for each system, and you can"
        " watch them appear, be used, and die.",
        moves=(
            Move(
                by=Role.OFFICER,
                text="Open an action and choose “Re-pull slowly”. The page of the run opens, and follows it.",
                endpoint="actions.queue",
            ),
            Move(
                by=Role.OFFICER,
                text="Watch credentials appear with their time left, and calls land in the picture. In the end each credential reads “revoked … confirmed by the vault”, not because the worker"
                " says so.",
            ),
            Move(
                by=Role.OFFICER,
                text="Open a flag of that run: each value leads back to the call, the credential and the line of the vault’s log.",
                endpoint="flags.queue",
            ),
        ),
    ),
    Scene(
        title="Compare with static keys, and steal",
        minutes=2,
        say="With static keys a thief has five systems for as long as nobody rotates them. Here a thief has what is alive at this"
        " moment, and it dies within minutes.",
        moves=(
            Move(
                by=Role.OPERATOR,
                text="Read both columns. Set the rotation of the keys to what your own systems do.",
                endpoint="exposure.show",
            ),
            Move(
                by=Role.OPERATOR,
                text="Choose “Measure both”: the same runs with real static keys and without, robbed by the same thief. It goes on"
                " while you talk.",
            ),
            Move(by=Role.OPERATOR, text="Choose “Steal now”: mostly there is nothing to steal."),
            Move(
                by=Role.OPERATOR,
                text="Choose the moment of the run just seen: what would have been stolen, and when the last of it died.",
            ),
        ),
    ),
    Scene(
        title="Be refused",
        minutes=1.5,
        say="These are real attempts against the running system. Each ends in a refusal or in an alarm, with the vault’s own"
        " line, and with the time it took.",
        moves=(
            Move(
                by=Role.OPERATOR,
                text="Rehearse one attack, such as “Key after run”, or all of them, and open the vault’s own line of one.",
                endpoint="rehearsals.show",
            ),
            Move(
                by=Role.OPERATOR, text="Show the alarms that it raised and closed.", endpoint="alarms.queue"
            ),
        ),
    ),
    Scene(
        title="Cut off a tool, then the agent",
        minutes=2.5,
        say="This page cannot cut off anything: it only orders. Another process does it at the vault, and it can do nothing else."
        " It counts on the next call, whatever the agent does.",
        moves=(
            Move(
                by=Role.OPERATOR,
                text="Switch off “Contract management”, with a reason.",
                endpoint="switches.queue",
            ),
            Move(
                by=Role.OFFICER,
                text="Re-pull the action: the vault refuses this one credential, and the checks that need it read “not checked”.",
                endpoint="actions.queue",
            ),
            Move(
                by=Role.OPERATOR,
                text="Switch off the agent. Re-pull once more: the run waits and says why. Switch both on: it goes on, and nothing"
                " is lost.",
                endpoint="switches.queue",
            ),
        ),
    ),
    Scene(
        title="A day, on three sides",
        minutes=2,
        say="Two thousand credentials a day, counted by three parties that do not trust each other: the vault, the systems, and"
        " the records.",
        moves=(
            Move(
                by=Role.OPERATOR,
                text="Start a day of 40 runs. Read its page when it is done, beside the days before.",
                endpoint="days.queue",
            ),
            Move(
                by=Role.OPERATOR,
                text="Show that the three sides agree but for what the attacks left, and what “not established” means.",
                endpoint="three_sides.show",
            ),
            Move(
                by=Role.OPERATOR,
                text="Find the line of the refused credential in the vault’s log, and go from it to its run.",
                endpoint="log_lines.search",
            ),
        ),
    ),
)


def page() -> str:
    """The tour in Markdown."""
    return "\n".join(
        [_HEAD, *(line for number, scene in enumerate(SCENES, 1) for line in _scene(number, scene))]
    )


def _scene(number: int, scene: Scene) -> Iterator[str]:
    yield f"## {number}. {scene.title} ({scene.minutes:g} min)\n"
    yield f"> {scene.say}\n"
    yield from (f"* **{move.by.value.capitalize()}:** {move.text}" for move in scene.moves)
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
