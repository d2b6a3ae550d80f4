"""Attacks with a credential that a thief copied from the memory of a worker at work."""

from http import HTTPStatus
from typing import LiteralString

import psycopg

from app.credentials.vault_line import AuditLine
from app.reconciliation import leftover_kinds as kinds
from rehearsals.attack import Account, Attack, SucceededError, UnprovenError
from rehearsals.installation import until
from rehearsals.own_worker import Loot
from rehearsals.scene import Scene
from rehearsals.thief import said

_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_LOOKED_UP = "auth/token/lookup-self"
_LEDGER = "database/creds/ledger-reader"
#: A view that the agent reads.
_COMMITMENTS = "SELECT count(*) FROM finance.commitments"
#: What nobody but the ledger's owner reads.
_FORBIDDEN: tuple[LiteralString, ...] = (
    "SELECT * FROM finance.payments",
    "SELECT * FROM finance.vendor_banking",
)
#: Seconds in which the ledger's user and its sessions end after the run.
_CUT_WITHIN = 10.0


def key_after_the_run(scene: Scene, account: Account) -> None:
    """The key opens its tool during the run, and not afterwards."""

    def during(loot: Loot) -> None:
        answered = scene.thief.opens("contracts", loot.secrets["contracts"])
        account.shown(f"the key opens contracts during its run ({answered})")

    loot = scene.robbed_run(account, before_end=during)
    account.attempt()
    answer = scene.thief.use("contracts", loot.secrets["contracts"])
    if answer.status_code not in _REFUSALS:
        raise SucceededError(f"contracts accepted the key after the run: {said(answer)}")
    account.stopped(f"contracts refuses the key: {said(answer)}")
    account.line = scene.line(account, _LOOKED_UP, refused=True)


def token_at_another_tool(scene: Scene, account: Account) -> None:
    """The token of SAM.gov opens SAM.gov, and not the exclusions."""

    def during(loot: Loot) -> None:
        token = loot.secrets["sam-gov"]
        account.shown(f"the token opens sam-gov ({scene.thief.opens('sam-gov', token)})")
        account.attempt()
        answer = scene.thief.use("debarment", token)
        if answer.status_code not in _REFUSALS:
            raise SucceededError(f"debarment accepted a token of sam-gov: {said(answer)}")
        account.stopped(f"debarment refuses the token: {said(answer)}")

    scene.robbed_run(account, before_end=during)
    account.line = scene.line(account, "identity/oidc/token/sam-gov", refused=False)


def session_kept_open(scene: Scene, account: Account) -> None:
    """A session with the ledger reads during the run, and is cut with it; nor does a new one open."""
    kept: list[psycopg.Connection] = []

    def during(loot: Loot) -> None:
        kept.append(scene.stack.ledger(loot.user, loot.secrets["ledger"]))
        kept[0].execute(_COMMITMENTS)
        account.shown("a session with the ledger reads during the run")

    loot = scene.robbed_run(account, before_end=during)
    account.attempt()

    def cut() -> bool:
        try:
            kept[0].execute(_COMMITMENTS)
        except psycopg.Error:
            return True
        return False

    try:
        until(cut, seconds=_CUT_WITHIN, what="the end of the session")
        account.stopped("the ledger cuts the session when the run ends")
    except UnprovenError:
        raise SucceededError(f"the session still reads {_CUT_WITHIN:g} s after the run") from None
    finally:
        kept[0].close()
    try:
        scene.stack.ledger(loot.user, loot.secrets["ledger"]).close()
    except psycopg.OperationalError:
        account.observed += ", and refuses a new one"
    else:
        raise SucceededError("the ledger lets its user in after the run")
    account.line = _issue_of(scene, account, loot.user)


def payments(scene: Scene, account: Account) -> None:
    """The user of the ledger reads what the agent needs, and no payment or bank account."""

    def during(loot: Loot) -> None:
        with scene.stack.ledger(loot.user, loot.secrets["ledger"]) as ledger:
            ledger.execute(_COMMITMENTS)
            account.shown("the user reads the ledger's commitments")
            account.attempt()
            for statement in _FORBIDDEN:
                try:
                    ledger.execute(statement)
                except psycopg.errors.InsufficientPrivilege as refused:
                    account.stopped(f"the ledger refuses: {refused.diag.message_primary}")
                else:
                    raise SucceededError(f"the ledger answers its user: {statement}")
        account.line = _issue_of(scene, account, loot.user)

    scene.robbed_run(account, before_end=during)


def _issue_of(scene: Scene, account: Account, user: str) -> AuditLine:
    lines = (each for each in scene.lines(account) if each.service_user == user and each.path == _LEDGER)
    issue = next(lines, None)
    if issue is None:
        raise UnprovenError("the vault's log has no line about the user of the ledger")
    return issue


ATTACKS = (
    Attack(
        name="key-after-run",
        tries="Copies an API key from a worker's memory, and uses it after the run has ended.",
        expected="The tool asks the vault, which no longer knows the key, and refuses it.",
        act=key_after_the_run,
        alarms=(kinds.USED_MORE, kinds.USED_LATE),
    ),
    Attack(
        name="token-at-another-tool",
        tries="Takes the signed token of one tool to another tool.",
        expected="The other tool is not the token's audience, and refuses it.",
        act=token_at_another_tool,
        alarms=(kinds.USED_ELSEWHERE,),
    ),
    Attack(
        name="ledger-session",
        tries="Keeps a session with the ledger open beyond the end of the run.",
        expected="The end of the run cuts the session and closes the login.",
        act=session_kept_open,
        alarms=(kinds.USED_MORE, kinds.USED_LATE),
    ),
    Attack(
        name="payments",
        tries="Reads payments and bank accounts with the agent's ledger user.",
        expected="The user may read two views, and the ledger refuses the tables.",
        act=payments,
        alarms=(kinds.USED_MORE, kinds.USED_LATE),
    ),
)
