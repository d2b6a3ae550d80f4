"""Attacks on the way from the dispatcher to a worker, with messages of the queue."""

from contextlib import suppress

from app.reconciliation.leftover_kinds import USED_ONLY
from rehearsals.attack import Account, Attack, SucceededError, UnprovenError
from rehearsals.installation import until
from rehearsals.own_worker import TOOLS
from rehearsals.scene import PATIENCE, Scene
from rehearsals.thief import Message, said

_LOGIN, _UNWRAP = "auth/approle/login", "sys/wrapping/unwrap"
_KEY = "auth/token/create/contracts"
#: Seconds until the sweeper has ended what a thief took.
_AT_ONCE = 10.0
_COPIES = 3
#: How often a thief tries to be faster than the sweeper.
_TRIES = 5
#: The attempt that a forged message names, once a worker took it up or complained about a message.
_JUDGED = (
    "SELECT state FROM attempt WHERE run_id = %s AND number = %s AND (state <> 'dispatched' OR EXISTS"
    " (SELECT FROM alarm WHERE kind = 'unknown message' AND last_seen_at >= %s))"
)


def replayed(scene: Scene, account: Account) -> None:
    """Copies beside the message, and one more after the run: one attempt, one login."""
    with scene.stack.workers_asleep():
        message = scene.thief.take(scene.request(account))
        scene.thief.put(message.entry, *[message.entry] * _COPIES)
    scene.wait([message.run_id])
    account.shown("the message itself is carried out by a worker")
    account.attempt()
    scene.thief.put(message.entry)
    scene.wait([scene.request(account)])  # a later message: the copies were taken before it
    until(scene.thief.is_queue_empty, seconds=PATIENCE, what="the end of the copies")
    own = [each for each in scene.lines(account) if each.run_id == str(message.run_id)]
    answered = [each for each in own if each.type == "response" and not each.refused]
    logins = [each for each in answered if each.path == _LOGIN]
    issued = [each for each in answered if each.path in {tool.grant.path for tool in TOOLS.values()}]
    attempts = scene.stack.rows("SELECT number FROM attempt WHERE run_id = %s", message.run_id)
    if len(logins) != 1 or len(attempts) != 1 or len(issued) > len(TOOLS):
        raise SucceededError(f"{len(logins)} logins, {len(attempts)} attempts, {len(issued)} credentials")
    account.stopped(f"{_COPIES + 1} copies find nothing to do: 1 login, {len(issued)} credentials")
    account.line = logins[0]


def stolen(scene: Scene, account: Account) -> None:
    """With the worker's RoleID as well: what is taken with it ends, and the run is done again."""
    for _ in range(_TRIES):
        message = scene.steal(account)
        account.attempt()
        with suppress(UnprovenError):
            key, accessor = _taken(scene, message)
            break
    else:
        raise UnprovenError(f"the sweeper was faster than the thief {_TRIES} times")
    account.shown("the vault accepts the stolen identity, and issues a key")

    def ended() -> bool:
        return not scene.thief.use("contracts", key).is_success and scene.is_dead(accessor)

    try:
        until(ended, seconds=_AT_ONCE, what="the end of what was stolen")
    except UnprovenError:
        raise SucceededError(f"what was stolen still lives after {_AT_ONCE:g} s") from None
    account.stopped("the sweeper ends the run token and the key")
    account.line = scene.line(account, _LOGIN, refused=False)


def _taken(scene: Scene, message: Message) -> tuple[str, str]:
    """A key that the stolen identity obtained, and the accessor of its run token."""
    token, accessor = scene.thief.become(message)
    answer = scene.thief.ask("POST", _KEY, {}, token=token)
    if not answer.is_success:
        raise UnprovenError(f"the vault gave the thief nothing: {said(answer)}")
    return answer.json()["auth"]["client_token"], accessor


def opened_twice(scene: Scene, account: Account) -> None:
    """A thief opens the token on its way, and puts the message back for the worker."""
    with scene.stack.workers_asleep():
        message = scene.thief.take(scene.request(account))
        scene.thief.unwrap(message.wrapping_token)
        account.shown("the vault opens the wrapping token once")
        account.attempt()
        answer = scene.thief.ask("POST", _UNWRAP, token=message.wrapping_token)
        if answer.is_success:
            raise SucceededError(f"the vault opened a wrapping token twice: {said(answer)}")
        account.stopped(f"the vault refuses to open it again: {said(answer)}")
        scene.thief.put(message.entry)
    # The vault's log has no line about a token that it does not know: the one opening is there.
    account.line = scene.line(account, _UNWRAP, refused=False)


def forged_run(scene: Scene, account: Account) -> None:
    """The message of one run, changed to name another that waits as well."""
    with scene.stack.workers_asleep():
        mine, others = (scene.thief.take(scene.request(account)) for _ in range(2))
        account.attempt()
        scene.thief.put(mine.changed(run_id=str(others.run_id)))
    judged = until(
        lambda: scene.stack.rows(_JUDGED, others.run_id, others.number, account.began),
        seconds=PATIENCE,
        what="a judgment of the forged message",
    )
    if judged[0]["state"] != "dispatched":
        raise SucceededError(
            f"the forged message took up the attempt of another run, which is {judged[0]['state']}"
        )
    account.stopped("the database refuses the claim: the proof is that of another run")
    scene.thief.put(mine.entry, others.entry)
    scene.wait([mine.run_id, others.run_id])
    account.shown("with their own messages both runs are carried out")
    account.line = scene.line(account, _LOGIN, refused=False)


ATTACKS = (
    Attack(
        name="replayed-message",
        tries="Puts copies of a message into the queue, beside it and after its run.",
        expected="One attempt logs in once; every copy finds nothing to do.",
        act=replayed,
    ),
    Attack(
        name="stolen-message",
        tries="Takes a message before the worker, and logs in with it and the worker's RoleID.",
        expected="The sweeper sees a login that no worker claimed, and ends what was taken.",
        act=stolen,
        alarms=("message stolen",),
        may_raise=(USED_ONLY,),
    ),
    Attack(
        name="opened-twice",
        tries="Opens a wrapping token that was opened before.",
        expected="The vault opens it once; the worker that comes second says so.",
        act=opened_twice,
        alarms=("message stolen", "introduction refused"),
    ),
    Attack(
        name="forged-run",
        tries="Changes a message so that it names another run.",
        expected="The database refuses the claim, and no worker takes up the other run.",
        act=forged_run,
        alarms=("unknown message",),
    ),
)
