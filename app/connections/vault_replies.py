"""What a vault may answer: checked for its form before anybody reads it, and its refusals told from other servers' errors.

Only what the vault says itself, in its own JSON, is a refusal. Whatever else comes is no answer.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

#: Answers to these hold their fields bare; all others are in an envelope.
_BARE = frozenset({"sys/health", "sys/init", "sys/unseal", "sys/seal-status"})
_BARE_BELOW = "sys/generate-root/"
_ENVELOPE: dict[str, tuple[type, ...]] = {
    "request_id": (str,),
    "lease_id": (str,),
    "data": (dict, type(None)),
    "auth": (dict, type(None)),
    "wrap_info": (dict, type(None)),
}
_OK, _NO_CONTENT, _BAD_REQUEST, _FORBIDDEN, _NOT_FOUND = 200, 204, 400, 403, 404
_TOO_MANY, _UNAVAILABLE = 429, 503
#: The vault writes a single error in this form, too.
_ONE_OF_ONE = re.compile(r"\A1 error occurred:\s*\* (.*)\Z", re.DOTALL)
_LONGEST_REASON, _LONGEST_TEXT = 300, 8192
#: Seconds in a hundred years.
_LONGEST_LIFE = 3_155_760_000
_WRONG_ADDRESS = "VAULT_ADDR must lead to the vault itself"


class VaultUnavailableError(Exception):
    """The vault cannot answer now (down, sealed, overloaded, no audit device), or another server answered: wait.

    `reason` is the vault's own text, "" without one; `status` the HTTP status, 0 without an answer. `is_final`: it will
    not answer until somebody changes something, for example a certificate.
    """

    def __init__(self, text: str, *, reason: str = "", status: int = 0, is_final: bool = False) -> None:
        super().__init__(text)
        self.reason = reason
        self.status = status
        self.is_final = is_final

    def said_of(self, what: str) -> str:
        """The text as a sentence about `what` ("the vault")."""
        text = str(self)
        silent = text.removeprefix("no answer")
        return f"{what} {text}" if silent == text else f"{what} does not answer{silent}"


class VaultRefusedError(Exception):
    """The vault answered, and the answer is no. `reason` is its own text, and `status` the HTTP status."""

    def __init__(self, text: str, *, reason: str = "", status: int = 0) -> None:
        super().__init__(text)
        self.reason = reason or text
        self.status = status


class VaultForbiddenError(VaultRefusedError):
    """Refused because of who asks: a policy, a dead token, a disabled entity."""


class VaultReply(dict[str, Any]):
    """The JSON object of an answer, empty after HTTP 204.

    Its methods take the names that lead to a field. They raise `VaultUnavailableError` if the field is missing or not
    of the form that a vault gives it.
    """

    def text(self, *path: str) -> str:
        """A name, an id or a secret: ASCII that is printable and not empty."""
        found = self._at(path)
        if not (isinstance(found, str) and 0 < len(found) <= _LONGEST_TEXT):
            raise self.odd(f"no text in {'.'.join(path)}")
        if not (found.isascii() and found.isprintable() and found == found.strip()):
            raise self.odd(f"strange characters in {'.'.join(path)}")
        return found

    def number(self, *path: str) -> int:
        """A number of seconds or things, above zero."""
        found = self._at(path)
        if type(found) is not int or not 0 < found <= _LONGEST_LIFE:
            raise self.odd(f"no number in {'.'.join(path)}")
        return found

    def texts(self, *path: str) -> list[str]:
        """A list of such texts, which is not empty."""
        found = self._at(path)
        if not isinstance(found, list) or not found:
            raise self.odd(f"no list in {'.'.join(path)}")
        return [type(self)({path[-1]: each}).text(path[-1]) for each in found]

    def mapping(self, *path: str) -> Mapping[str, str]:
        """Texts by name."""
        found = self._at(path)
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise self.odd(f"no texts by name in {'.'.join(path)}")
        return found

    def require_about(self, name: str, *path: str) -> None:
        """Nothing, if the field holds this name: the reply is about what was asked."""
        if self.text(*path) != name:
            raise self.odd(f"another {'.'.join(path)} than the one in question")

    def odd(self, what: str) -> Exception:
        """The error for a missing or malformed field."""
        return odd(what)

    def _at(self, path: tuple[str, ...]) -> Any:
        found: Any = self
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found


def reply_of(status: int, content: bytes, *, method: str, path: str, is_lenient: bool = False) -> VaultReply:
    """The reply that `status` and `content` make. `is_lenient`: a part of the envelope is enough.

    Raises `VaultRefusedError` for a refusal by the vault, and `VaultUnavailableError` for whatever is neither.
    """
    if status == _NO_CONTENT and not content:
        return VaultReply()
    if status == _OK:
        return _envelope(content, path, is_lenient=is_lenient)
    if 300 <= status < 400:  # noqa: PLR2004  # the redirects
        raise VaultUnavailableError(
            f"answered HTTP {status}, which is not followed: {_WRONG_ADDRESS}", status=status
        )
    found = _parsed(content)
    reason = None if found is None else _reason(found.get("errors"))
    if status < _BAD_REQUEST or reason is None:
        raise odd(f"HTTP {status}{'' if found is not None else ', no JSON object'}", status=status)
    if status == _FORBIDDEN and reason == "permission denied":
        raise VaultForbiddenError(
            f"permission denied (HTTP 403) for {method} {path}", reason=reason, status=status
        )
    if status == _NOT_FOUND and reason.startswith("no handler for route"):
        raise VaultUnavailableError(
            f"nothing is mounted there for {path}: provision the vault", reason=reason, status=status
        )
    if status in (_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND):
        raise VaultRefusedError(
            reason or f"there is nothing at {path} (HTTP {status})", reason=reason, status=status
        )
    raise VaultUnavailableError(_state(status, reason), reason=reason, status=status)


def odd(what: str, *, status: int = 0) -> VaultUnavailableError:
    """The error for an answer that no vault gives."""
    return VaultUnavailableError(
        f"answered, but not as a vault does ({what}): {_WRONG_ADDRESS}", status=status
    )


def _state(status: int, reason: str) -> str:
    """What is the matter with a vault that does not carry out requests, and what to do about it."""
    if status == _UNAVAILABLE and "sealed" in reason.lower():
        return f"{reason} (HTTP 503): unseal it"
    if status == _TOO_MANY:
        return f"it limits requests: {reason}"
    if "not active" in reason or "standby" in reason.lower():
        return f"it is a standby that knows no active server ({reason}): look at its cluster"
    return f"it failed with HTTP {status}: {reason or 'no reason given'}"


def _envelope(content: bytes, path: str, *, is_lenient: bool) -> VaultReply:
    found = _parsed(content)
    if found is None:
        raise odd("HTTP 200, no JSON object", status=_OK)
    if path not in _BARE and not path.startswith(_BARE_BELOW):
        wrong = [name for name, kinds in _ENVELOPE.items() if not isinstance(found.get(name, ...), kinds)]
        if wrong and not (is_lenient and len(wrong) < len(_ENVELOPE)):
            raise odd(f"HTTP 200, no {wrong[0]}", status=_OK)
    return VaultReply(found)


def _parsed(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _reason(errors: Any) -> str | None:
    """The vault's text in one line; None if `errors` is not what a vault sends."""
    if not isinstance(errors, list) or not all(isinstance(each, str) for each in errors):
        return None
    bare = [found[1] if (found := _ONE_OF_ONE.match(each)) else each for each in errors]
    line = " ".join("; ".join(bare).split())
    return "".join(each if each.isprintable() else "?" for each in line)[:_LONGEST_REASON]
