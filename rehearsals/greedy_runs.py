"""Attacks by a run that is at work, and asks the vault for more than its plan needs."""

from http import HTTPStatus

from app.reconciliation.leftover_kinds import USED_ONLY
from rehearsals.attack import Account, Attack, SucceededError, UnprovenError
from rehearsals.installation import until
from rehearsals.own_worker import Loot
from rehearsals.scene import Scene
from rehearsals.thief import said

_KEY = "auth/token/create/contracts"
#: A tool that no policy names.
_SIXTH = "auth/token/create/payments"
_DAY = {"ttl": "24h", "explicit_max_ttl": "24h"}
#: Seconds until the sweeper has ended what nobody should have asked for.
_AT_ONCE = 10.0


def day_long_key(scene: Scene, account: Account) -> None:
    """The same request, without a life of a day, gave the run its key."""

    def during(loot: Loot) -> None:
        answered = scene.thief.opens("contracts", loot.secrets["contracts"])
        account.shown(f"without that wish the vault gave this run a key, which opens contracts ({answered})")
        account.attempt()
        _demand_refusal(scene, account, loot, _KEY, _DAY)

    scene.robbed_run(account, before_end=during)


def sixth_tool(scene: Scene, account: Account) -> None:
    """The run token has five paths, and this is none of them."""

    def during(loot: Loot) -> None:
        answered = scene.thief.opens("contracts", loot.secrets["contracts"])
        account.shown(
            f"of the {len(loot.secrets)} credentials of this run, the key opens contracts ({answered})"
        )
        account.attempt()
        _demand_refusal(scene, account, loot, _SIXTH, {})

    scene.robbed_run(account, before_end=during)


def _demand_refusal(scene: Scene, account: Account, loot: Loot, path: str, wish: dict[str, str]) -> None:
    answer = scene.thief.ask("POST", path, wish, token=loot.token)
    if answer.status_code != HTTPStatus.FORBIDDEN:
        raise SucceededError(f"no policy forbids {path}{f' with {wish}' if wish else ''}: {said(answer)}")
    account.stopped(f"the vault refuses: {said(answer)}")
    account.line = scene.line(account, path, refused=True)


def anothers_name(scene: Scene, account: Account) -> None:
    """A key that names another run: the vault lets a run write what it likes there, and the sweeper compares."""
    victim = scene.request(account)

    def during(loot: Loot) -> None:
        answered = scene.thief.opens("contracts", loot.secrets["contracts"])
        account.shown(f"the key in the run's own name opens contracts ({answered})")
        account.attempt()
        wish = {"meta": {"run_id": str(victim), "attempt": "1", "tool": "contracts"}}
        answer = scene.thief.ask("POST", _KEY, wish, token=loot.token)
        if not answer.is_success:
            raise UnprovenError(f"the vault issued no key in another's name: {said(answer)}")
        key = answer.json()["auth"]["client_token"]
        account.line = scene.line(account, _KEY, refused=False)

        def refused() -> bool:
            return not scene.thief.use("contracts", key).is_success

        try:
            until(refused, seconds=_AT_ONCE, what="the end of the key")
        except UnprovenError:
            raise SucceededError(f"a key in another's name still lives after {_AT_ONCE:g} s") from None
        account.stopped("the sweeper ends the run and the key")

    scene.robbed_run(account, before_end=during)


ATTACKS = (
    Attack(
        name="day-long-key",
        tries="Asks the vault for an API key that lives 24 hours.",
        expected="The policy of runs allows no wish for a life, and the vault refuses.",
        act=day_long_key,
    ),
    Attack(
        name="sixth-tool",
        tries="Asks the vault for a credential of a tool that no policy names.",
        expected="The vault refuses what is in no policy.",
        act=sixth_tool,
    ),
    Attack(
        name="anothers-name",
        tries="Takes an API key in the name of another run.",
        expected="The sweeper sees it in the vault's log, and ends the run with all that it holds.",
        act=anothers_name,
        alarms=("credential in another's name",),
        may_raise=(USED_ONLY,),
    ),
)
