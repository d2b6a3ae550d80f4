"""Facts as JSON for the evidence table: dates in ISO form, money as strings, sets sorted."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from app.procurement.facts import Fact


def fact_to_json(fact: Fact) -> dict[str, Any]:
    """The fact's fields by name, each a JSON value."""
    return {name: _plain(value) for name, value in asdict(fact).items()}


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case frozenset():
            return sorted(_plain(each) for each in value)
        case list() | tuple():
            return [_plain(each) for each in value]
        case _:
            return value
