"""Attacks with one half of what logs in as a run."""

from contextlib import suppress
from http import HTTPStatus
from uuid import uuid4

import httpx

from app.credentials.approle import LOGIN_PATH
from rehearsals.attack import Account, Attack, SucceededError, UnprovenError
from rehearsals.scene import Scene
from rehearsals.thief import said

_LOGINS = "logins refused"


def broker_password(scene: Scene, account: Account) -> None:
    """The message can be opened, and what is in it is half of a login."""
    message = scene.steal(account)
    secret_id = scene.thief.unwrap(message.wrapping_token)
    account.shown("with the broker's password the message can be read and opened")
    account.attempt()
    for half in ("triage-run", "", secret_id, str(uuid4())):
        answer = scene.thief.log_in(secret_id, half)
        if answer.is_success:
            raise SucceededError("the vault let in a thief without the worker's RoleID")
        if answer.status_code != HTTPStatus.BAD_REQUEST:
            raise UnprovenError(f"the vault answered a half login with {said(answer)}")
    account.stopped(f"the vault refuses a login without the worker's RoleID: {said(answer)}")
    account.line = scene.line(account, LOGIN_PATH, refused=True)


def dispatcher_file(scene: Scene, account: Account) -> None:
    """It mints an identity for an invented run, and that is half of a login too."""
    account.invented.append(uuid4())
    minted = scene.thief.mint(account.invented[0])
    if not minted.is_success:
        raise UnprovenError(f"the dispatcher's file mints nothing: {said(minted)}")
    secret_id = scene.thief.unwrap(minted.json()["wrap_info"]["token"])
    account.shown("the dispatcher's file mints an identity")
    account.attempt()
    for half in ("triage-run", "", secret_id, str(uuid4())):
        answer = scene.thief.log_in(secret_id, half)
        if answer.is_success:
            with suppress(httpx.HTTPError):
                token = answer.json()["auth"]["client_token"]
                scene.thief.ask("POST", "auth/token/revoke-self", token=token)
            raise SucceededError("the vault let in a thief without the worker's RoleID")
    account.stopped(f"the vault refuses a login without the worker's RoleID: {said(answer)}")
    account.line = scene.line(account, LOGIN_PATH, refused=True)


ATTACKS = (
    Attack(
        name="broker-password",
        tries="Reads and opens a message with the broker's password alone.",
        expected="What is in it is half of a login, and the vault refuses it.",
        act=broker_password,
        alarms=("message stolen", "introduction refused"),
        may_raise=(_LOGINS,),
    ),
    Attack(
        name="dispatcher-file",
        tries="Mints an identity with the dispatcher's file alone, and logs in with it.",
        expected="What it mints is half of a login, and the vault refuses it.",
        act=dispatcher_file,
        alarms=("identity of an unknown attempt",),
        may_raise=(_LOGINS,),
    ),
)
