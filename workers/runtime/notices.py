"""The main loop of dispatcher, sweeper and switch: a round at each notice of the database, and otherwise in fixed intervals."""

from collections.abc import Sequence

from sqlalchemy import Engine

from app.connections.compatibility import IncompatibleError
from app.connections.database import silence
from app.credentials.dispatch import listen
from app.credentials.tables import CHANNEL
from workers.runtime.lifecycle import Pulse, Stop
from workers.runtime.rounds import Lane, Pauses, Rounds, reason


def wait_for_database(engine: Engine, pulse: Pulse, stop: Stop) -> None:
    """Return when the database answers, or at the request to stop.

    Raises `IncompatibleError` if it cannot be worked with: that ends the process before anything else begins.
    """
    pauses = Pauses()
    while not stop.requested and (problem := _problem(engine)):
        pulse.without_database(problem)
        stop.wait(pauses.next())


def _problem(engine: Engine) -> str | None:
    try:
        return silence(engine)
    except IncompatibleError:
        raise
    except Exception as error:  # noqa: BLE001  # what answers may be anything
        return reason(error, "connecting")


def repeat_on_notice(
    rounds: Rounds,
    *,
    engine: Engine,
    pulse: Pulse,
    stop: Stop,
    rest: float,
    apart: float = 0.0,
    lanes: Sequence[Lane] = (),
    channel: str = CHANNEL,
) -> None:
    """Carry out rounds until the request to stop, whatever the database answers meanwhile.

    Raises `IncompatibleError` if that may end `rounds`.

    A round follows each notice that something was requested or has ended. While notices follow each other, they gather
    for longer each time, up to `apart` seconds. Without a notice the next round comes after `rest` seconds. Problems of
    `lanes` are reported too.
    """
    pauses = Pauses()
    while not stop.requested:
        try:
            with listen(engine, channel) as notices:
                gather, noticed = 0.0, True
                while not stop.requested:
                    pause = rounds.carry_out()
                    problems = (each.problem for each in (rounds, *(lane.rounds for lane in lanes)))
                    pulse.beat(next(filter(None, problems), None))
                    pauses.start_again()
                    gather = min(apart, 2 * gather or apart / 4) if noticed else 0.0
                    if pause or gather:
                        stop.wait(pause or gather)
                    if not pause:
                        noticed = notices.wait(seconds=rest - gather)
        except Exception as error:  # no answer of the database may end the process
            if rounds.may_end and isinstance(error, IncompatibleError):
                raise
            pulse.without_database(reason(error, rounds.name))
            stop.wait(pauses.next())
