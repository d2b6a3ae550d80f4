"""Countries and their states, by each name and code they have: extracts of pycountry (ISO 3166; LGPL-2.1).

`python -m infra.place_tables` writes both anew.
"""

import csv
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType


def _table(name: str) -> Mapping[str, str]:
    text = files("app.reference").joinpath(name).read_text(encoding="utf-8")
    _, *rows = csv.reader(text.splitlines())
    return MappingProxyType({row[0]: row[1] for row in rows})


#: The code of three letters by name or code, in capitals: "GERMANY", "ALLEMAGNE", "DE" and "DEU" have "DEU".
COUNTRIES = _table("countries.csv")
#: The code of a state, province or land, by country and name: "USA VIRGINIA" has "VA".
STATES = _table("states.csv")
