"""Carries out the orders to cut off the agent, a tool, a worker, a run or a credential.

People and programs only append orders. This process alone may carry them out, and its identity at the vault can do
nothing else: it can obtain no credential, and turn nothing but these switches. A worker is the one switch that is not
turned at the vault: the database gives it no run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from app.connections.database import RECENTLY, connect
from app.connections.hardening import harden
from app.connections.starting import starting
from app.connections.tls import trust_of
from app.credentials.grants import SIGNED_TOKEN_SECONDS
from app.credentials.heartbeat import Heartbeat
from app.credentials.settings import AgentSettings
from app.credentials.switch_orders import CHANNEL, SwitchKind, Turn
from app.credentials.switch_records import DueOrder, HeldCredential, SwitchRecords
from app.credentials.tool_record import ToolRecord
from workers.runtime import logs
from workers.runtime.lifecycle import HealthFile, Pulse, Stop, configured
from workers.runtime.notices import repeat_on_notice, wait_for_database
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.rounds import RoundFailedError, Rounds, reason
from workers.runtime.switch_powers import SwitchPowers
from workers.runtime.vault import Vault
from workers.runtime.vault_clock import VaultClock

log = structlog.get_logger()

#: The settings that the process must have.
NEEDED = ("database_url", "vault_addr", "vault_identity_file")
#: Seconds between two rounds when nothing is ordered.
_REST = 1.0
#: Until the sweeper has read what the vault logged before the order. Only then can all be named that was issued before.
_LOG_IS_READ = timedelta(seconds=2)
_SIGNED = timedelta(seconds=SIGNED_TOKEN_SECONDS)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of an order in one round."""

    text: str
    done: bool


class Switching:
    """Carries out what is due, one order after the other."""

    def __init__(self, records: SwitchRecords, powers: SwitchPowers, tools: Iterable[ToolRecord]) -> None:
        self._records = records
        self._powers = powers
        self._tools = {tool.name: tool for tool in tools}

    def look(self) -> str | None:
        """One round; what is in the way of the oldest order, or None."""
        for due in self._records.due():
            which = {"kind": due.kind, "target": due.target, "turn": due.turn}
            try:
                outcome = self._carry_out(due)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is this order's problem
                why = reason(error, "switching")
                self._records.note(due, why, carried_out=False, done=False)
                log.warning("switch not confirmed", **which, reason=why)
            else:
                self._records.note(due, outcome.text, carried_out=True, done=outcome.done)
                if outcome.done:
                    log.info("switched", **which, outcome=outcome.text)
        return self._records.problem()

    def _carry_out(self, due: DueOrder) -> _Outcome:
        match due.kind:
            case SwitchKind.AGENT:
                if due.carried_out_at is None:
                    self._powers.turn_agent(due.turn)
                return self._ended(due, None)
            case SwitchKind.TOOL:
                tool = self._tools.get(due.target)
                if tool is None:
                    raise RoundFailedError(f"there is no tool {due.target}")
                # Once: it may have been let on again while its ends are being confirmed.
                if due.carried_out_at is None:
                    self._powers.turn_tool(tool, due.turn)
                return self._ended(due, tool.credential.path)
            case SwitchKind.RUN:
                stopped = self._records.stop_runs(due)
                return _Outcome(
                    "all that it held is dead" if stopped else "its ends are being confirmed", stopped
                )
            case SwitchKind.CREDENTIAL:
                return self._one_ended(due)
            case SwitchKind.WORKER:
                return self._worker_turned(due)

    def _ended(self, due: DueOrder, path: str | None) -> _Outcome:
        """Nothing new is issued. What was issued before is ended, also what the log shows only now."""
        if due.turn is Turn.ON:
            return _Outcome("the vault issues again", done=True)
        held = self._records.held(due, path)
        signed = [each for each in held if each.accessor is None and each.lease_id is None]
        dead = [each for each in held if each not in signed and self._powers.end(each)]
        self._records.confirm(dead)
        alive = len(held) - len(signed) - len(dead)
        if alive:
            raise RoundFailedError(f"the vault has not ended {alive} of {len(held)} that it issued before")
        if due.carried_out_at is None or due.asked_at - due.carried_out_at < _LOG_IS_READ:
            return _Outcome(
                "the vault issues nothing more; what was issued before is being ended", done=False
            )
        return _Outcome(f"the vault issues nothing more; {_left(signed, due.asked_at)}", done=True)

    def _worker_turned(self, due: DueOrder) -> _Outcome:
        """The database gives it no run from the order on. What it held is ended, also what it was taking at that moment."""
        if due.turn is Turn.ON:
            return _Outcome("it is given runs again", done=True)
        stopped = self._records.stop_runs(due)
        if not stopped or due.carried_out_at is None:
            return _Outcome(
                "it is given no run; the ends of those that it held are being confirmed", done=False
            )
        return _Outcome(
            f"it is given no run; {_left(self._records.held(due), due.asked_at, dead='what it held is dead')}",
            done=True,
        )

    def _one_ended(self, due: DueOrder) -> _Outcome:
        held = self._records.held(due)
        if not held:
            raise RoundFailedError("the vault’s log does not show that it was issued")
        if all(each.ended_at is not None for each in held):
            return _Outcome("it was dead already", done=True)
        dead = [each for each in held if self._powers.end(each)]
        self._records.confirm(dead)
        if len(dead) < len(held):
            raise RoundFailedError("the vault has not ended it")
        return _Outcome("the vault says that it is dead", done=True)


def _left(
    signed: Sequence[HeldCredential], now: datetime, *, dead: str = "what it had issued before is dead"
) -> str:
    """Until when tools accept the signed tokens that nobody can withdraw."""
    until = max((each.issued_at for each in signed), default=datetime.min.replace(tzinfo=UTC)) + _SIGNED
    if until <= now:
        return dead
    return f"signed tokens cannot be withdrawn, and the last is valid until {until:%H:%M:%S} UTC"


def launch(tools: Iterable[ToolRecord]) -> None:
    """Run until a signal stops it; exit status 2 for wrong settings and for a database that cannot be worked with.

    `tools` are those of the agent workers.
    """
    logs.configure()
    harden()
    with starting():
        serve(configured(AgentSettings, *NEEDED), tools)


def serve(configuration: AgentSettings, tools: Iterable[ToolRecord]) -> None:
    """Carry out orders until a signal stops it."""
    stop = Stop()
    engine = connect(configuration, pool_size=2, trusted=RECENTLY)
    pool = Vault(configuration.need("vault_addr"), trust_of(configuration), pool_size=2)
    powers = SwitchPowers(ProcessIdentity(pool, configuration.file("vault_identity_file")))
    rounds = Rounds("switching", Switching(SwitchRecords(engine), powers, tools).look)
    pulse = Pulse(Heartbeat(engine), HealthFile(configuration.health_file), VaultClock.started(pool))
    # What cannot be worked with ends the process here, before anything else begins.
    wait_for_database(engine, pulse, stop)
    repeat_on_notice(rounds, engine=engine, pulse=pulse, stop=stop, rest=_REST, channel=CHANNEL)
