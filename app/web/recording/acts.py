"""What each endpoint does, in the words of security events. A test demands a line for every endpoint that changes something."""

from collections.abc import Mapping

#: Endpoints whose every use is recorded.
ACTS: Mapping[str, str] = {
    "sign_in.callback": "sign-in",
    "sign_in.out": "sign-out",
    "sign_in.out_everywhere": "sign-out everywhere",
    "decisions.decide": "decide",
    "decisions.concur": "concur or decline",
    "decisions.undo": "undo a decision",
    "decisions.assign": "assign",
    "decisions.comment": "comment",
    "bulk.do": "decide or assign several",
    "runs.stop": "stop a run",
    "switches.turn": "turn a switch",
    "rehearsals.start": "rehearse attacks",
    "days.start": "start a day",
    "exposure.compare": "compare with static keys",
    "tour.start_again": "start the demo anew",
    "alarms.acknowledge": "acknowledge an alarm",
    "alarms.close": "close an alarm",
    "actions.request_run": "request a run",
    "calls.download": "export an answer",
    "exports.contract_file": "export a contract file",
    "exports.contract_file_pdf": "export a contract file",
    "exports.flags_csv": "export flags",
    "exports.flags_json": "export flags",
    "exports.vault_log": "export the vault log",
    "api.submit": "submit actions",
    "api.request_run": "request a run",
    "api.stop_run": "stop a run",
    "api.order_switch": "turn a switch",
    "api.contract_file": "export a contract file",
    "api.decide": "decide",
    "api.concur": "concur or decline",
    "api.undo": "undo a decision",
    "api.assign": "assign",
    "api.comment": "comment",
    "api.acknowledge_alarm": "acknowledge an alarm",
    "api.close_alarm": "close an alarm",
    "api.answer_bytes": "export an answer",
}
#: Endpoints that write, whose use is no security event: what is kept for the convenience of one person.
ROUTINE = frozenset(
    {
        *("saved_views.save", "saved_views.rename", "saved_views.delete", "sign_in.extend"),
        *("drafts.save", "drafts.discard"),
    }
)
#: The actions that no endpoint carries out.
START, STOP, ROLES_CHANGED, FURTHER_REFUSALS = "start", "stop", "roles changed", "further refusals"
ACCESS_REFUSED, TOKEN_REFUSED, SIGN_IN_STARTED, ERROR = (
    "read",
    "use a token",
    "start a sign-in",
    "error",
)
#: Every action, for the filter of the list.
ACTIONS = sorted(
    {
        *ACTS.values(),
        *(
            START,
            STOP,
            ROLES_CHANGED,
            FURTHER_REFUSALS,
            ACCESS_REFUSED,
            TOKEN_REFUSED,
            SIGN_IN_STARTED,
            ERROR,
        ),
    }
)


def act_of(endpoint: str | None, *, writes: bool) -> str | None:
    """The action that a request carries out; None if it only reads, or is routine.

    An endpoint without a line here is recorded under its own name.
    """
    if endpoint is None or endpoint in ROUTINE:
        return None
    return ACTS.get(endpoint, endpoint if writes else None)
