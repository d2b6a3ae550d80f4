"""Writes the tables of countries and states in app/reference anew: `python -m infra.place_tables`.

From the package pycountry (ISO 3166; LGPL-2.1), which is pinned in requirements/dev.lock and needed for nothing else.
"""

import csv
import gettext
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pycountry

from app.procurement.names import normalised

FOLDER = Path(__file__).parents[1] / "app" / "reference"
#: Languages whose names of countries are taken over, besides English: those most addresses of vendors abroad are written in.
_LANGUAGES = ("de", "fr", "es", "it", "nl", "pt", "pl", "sv", "nb", "da", "tr")
#: Names and codes that the standard does not have: everyday ones, former ones, parts of the United Kingdom, Kosovo, and the
#: codes of U.S. Government systems (GENC) that differ.
_EVERYDAY = {
    "GREAT BRITAIN": "GBR", "UK": "GBR", "ENGLAND": "GBR", "SCOTLAND": "GBR", "WALES": "GBR", "NORTHERN IRELAND": "GBR",
    "KOREA": "KOR", "REPUBLIC OF KOREA": "KOR", "ROK": "KOR", "NORTH KOREA": "PRK", "HOLLAND": "NLD", "THE NETHERLANDS": "NLD",
    "BURMA": "MMR", "IVORY COAST": "CIV", "CAPE VERDE": "CPV", "SWAZILAND": "SWZ", "MACEDONIA": "MKD", "EAST TIMOR": "TLS", "TURKEY": "TUR",
    "RUSSIA": "RUS", "SYRIA": "SYR", "LAOS": "LAO", "BRUNEI": "BRN", "UAE": "ARE", "PRC": "CHN", "PEOPLES REPUBLIC OF CHINA": "CHN",
    "CHINA": "CHN", "BAHAMAS": "BHS", "GAMBIA": "GMB", "KINGDOM OF SAUDI ARABIA": "SAU", "KSA": "SAU", "MICRONESIA": "FSM",
    "DEMOCRATIC REPUBLIC OF THE CONGO": "COD", "DR CONGO": "COD", "DRC": "COD", "CONGO BRAZZAVILLE": "COG", "CONGO KINSHASA": "COD",
    "KOSOVO": "XKS", "XKS": "XKS", "XKX": "XKS", "XK": "XKS", "WEST BANK": "PSE", "GAZA STRIP": "PSE", "XWB": "PSE", "XGZ": "PSE", "PALESTINE": "PSE",
    "VIRGIN ISLANDS": "VIR", "US VIRGIN ISLANDS": "VIR", "USVI": "VIR", "VATICAN": "VAT", "VATICAN CITY": "VAT", "MACAU": "MAC",
    "US": "USA", "USA": "USA", "UNITED STATES": "USA", "UNITED STATES OF AMERICA": "USA", "AMERICA": "USA",
}  # fmt: skip


def countries() -> str:
    """Each code and name of a country, and its code of three letters; names that stand for two countries left out."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for country in _entries("iso3166-1.json", "3166-1"):
        fields = ("name", "common_name", "official_name")
        known = [country[field] for field in fields if field in country]
        for name in known:
            names[normalised(name)].add(country["alpha_3"])
            names[_turned(name)].add(country["alpha_3"])
    for language in _LANGUAGES:
        for name, code in _translated(language):
            if name not in names:
                names[name].add(code)
    rows = {name: min(codes) for name, codes in names.items() if len(codes) == 1 and name}
    for country in _entries("iso3166-1.json", "3166-1"):
        rows |= {country["alpha_2"]: country["alpha_3"], country["alpha_3"]: country["alpha_3"]}
    return _written("name,code", (rows | _EVERYDAY).items())


def states() -> str:
    """Each state, province or land with its country: "USA VIRGINIA" has VA. Parts of parts are left out."""
    codes = {each["alpha_2"]: each["alpha_3"] for each in _entries("iso3166-1.json", "3166-1")}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in _entries("iso3166-2.json", "3166-2"):
        if "parent" not in each:
            country, _, code = each["code"].partition("-")
            found[f"{codes[country]} {normalised(each['name'])}"].add(code)
    return _written("name,code", ((name, min(codes)) for name, codes in found.items() if len(codes) == 1))


#: What each file in app/reference is made by.
TABLES = {"countries.csv": countries, "states.csv": states}


def _translated(language: str) -> Iterator[tuple[str, str]]:
    """Names of countries in a language, but for those it has for two."""
    catalog = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language])
    names: defaultdict[str, set[str]] = defaultdict(set)
    for country in _entries("iso3166-1.json", "3166-1"):
        for field in ("name", "common_name", "official_name"):
            if field in country:
                names[normalised(catalog.gettext(country[field]))].add(country["alpha_3"])
    return ((name, min(codes)) for name, codes in names.items() if len(codes) == 1)


def _turned(name: str) -> str:
    """The usual order of a name such as "Korea, Republic of"."""
    head, _, tail = name.partition(", ")
    return normalised(f"{tail} {head}")


def _entries(name: str, key: str) -> list[dict[str, Any]]:
    text = Path(pycountry.DATABASE_DIR, name).read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)[key]
    return found


def _written(head: str, rows: Iterable[tuple[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head.split(","))
    writer.writerows(sorted(rows))
    return out.getvalue()


if __name__ == "__main__":
    for file, made in TABLES.items():
        (FOLDER / file).write_text(made(), encoding="utf-8")
