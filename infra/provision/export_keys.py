"""The key set of exports: the key that signs, followed by the public halves of earlier ones."""

import json
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey


def with_new_key(earlier: str | None) -> str:
    """A new signing key, followed by the public halves of the keys in the key set `earlier`.

    Raises ValueError if `earlier` is not a set of P-256 keys.
    """
    key = ECKey.generate_key("P-256", private=True)
    return _written([key.as_dict(private=True), *_public_keys(earlier)])


def public_halves(keys: str) -> str:
    """The key set without private keys. Raises ValueError if it is invalid."""
    return _written(_public_keys(keys))


def _public_keys(text: str | None) -> list[dict[str, Any]]:
    if text is None:
        return []
    try:
        return [ECKey.import_key(key).as_dict(private=False) for key in json.loads(text)["keys"]]
    except (JoseError, LookupError, TypeError, ValueError):
        raise ValueError("it is not a set of P-256 keys") from None


def _written(keys: list[dict[str, Any]]) -> str:
    return json.dumps({"keys": keys})
