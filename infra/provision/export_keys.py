"""The key set that signs exports: the first key signs, the public halves of earlier ones follow it."""

import json
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey


def with_new_key(earlier: str | None) -> str:
    """A key set with a new signing key before the public halves of the keys in `earlier`, another key set.

    Raises ValueError when `earlier` is no set of keys on P-256.
    """
    key = ECKey.generate_key("P-256", private=True)
    return _written([key.as_dict(private=True), *_public_keys(earlier)])


def public_halves(keys: str) -> str:
    """The same key set without anything private. Raises ValueError when it is none."""
    return _written(_public_keys(keys))


def _public_keys(text: str | None) -> list[dict[str, Any]]:
    if text is None:
        return []
    try:
        return [ECKey.import_key(key).as_dict(private=False) for key in json.loads(text)["keys"]]
    except (JoseError, LookupError, TypeError, ValueError):
        raise ValueError("it is no set of keys on P-256") from None


def _written(keys: list[dict[str, Any]]) -> str:
    return json.dumps({"keys": keys})
