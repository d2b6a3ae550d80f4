"""Words that need care when names are compared: legal forms, abbreviations, and words that say little."""

#: Legal forms by their spellings.
FORMS = {
    "INCORPORATED": "INC", "INC": "INC", "CORPORATION": "CORP", "CORP": "CORP", "COMPANY": "CO", "CO": "CO",
    "LIMITED": "LTD", "LTD": "LTD", "LLC": "LLC", "LC": "LLC", "LP": "LP", "LLP": "LLP", "PLLC": "PLLC",
    "PC": "PC", "PLC": "PLC", "GMBH": "GMBH", "AG": "AG", "KG": "KG", "SA": "SA", "SAS": "SAS", "SARL": "SARL",
    "SRL": "SRL", "SPA": "SPA", "BV": "BV", "NV": "NV", "OY": "OY", "AB": "AB", "PTY": "PTY", "PTE": "PTE",
    "PVT": "PVT", "OOO": "OOO", "OAO": "OAO", "ZAO": "ZAO", "PAO": "PAO", "JSC": "JSC", "FZE": "FZE", "KK": "KK",
}  # fmt: skip
#: Legal forms of several words.
LONG_FORMS = {
    ("LIMITED", "LIABILITY", "COMPANY"): "LLC",
    ("LIMITED", "LIABILITY", "PARTNERSHIP"): "LLP",
    ("LIMITED", "PARTNERSHIP"): "LP",
    ("PUBLIC", "LIMITED", "COMPANY"): "PLC",
    ("JOINT", "STOCK", "COMPANY"): "JSC",
    ("SA", "DE", "CV"): "SA DE CV",
}
#: What abbreviations stand for; Roman numerals are numbers.
SHORT = {
    "INTL": "INTERNATIONAL", "NATL": "NATIONAL", "MFG": "MANUFACTURING", "SVCS": "SERVICES", "SVC": "SERVICE",
    "TECH": "TECHNOLOGY", "TECHS": "TECHNOLOGIES", "ASSOC": "ASSOCIATES", "ASSN": "ASSOCIATION", "BROS": "BROTHERS",
    "ENGRG": "ENGINEERING", "ENG": "ENGINEERING", "CONSTR": "CONSTRUCTION", "CONST": "CONSTRUCTION", "MGMT": "MANAGEMENT",
    "DIST": "DISTRIBUTION", "EQUIP": "EQUIPMENT", "SYS": "SYSTEMS", "GRP": "GROUP", "HLDGS": "HOLDINGS", "LABS": "LABORATORIES",
    "DEPT": "DEPARTMENT", "ST": "SAINT", "MT": "MOUNT", "FT": "FORT", "II": "2", "III": "3", "IV": "4", "VI": "6", "VII": "7",
}  # fmt: skip
#: Words that many names share, which distinguish firms less than other words do.
COMMON = frozenset({
    "SERVICE", "SERVICES", "GROUP", "HOLDING", "HOLDINGS", "INTERNATIONAL", "NATIONAL", "ENTERPRISE", "ENTERPRISES",
    "SOLUTIONS", "SYSTEMS", "ASSOCIATES", "PARTNERS", "INDUSTRIES", "USA", "AMERICA", "AMERICAN", "GLOBAL", "TRADING",
})  # fmt: skip
#: Words that come and go without changing who is meant, among them the prefixes of ships.
FILLERS = frozenset({
    "THE", "OF", "AND", "AL", "EL", "DE", "LA", "BIN", "IBN", "MV", "SS", "FV", "TV", "VESSEL", "MR", "MRS", "MS", "DR",
})  # fmt: skip
