"""Words that need care when names are compared: abbreviations, numbers and words that many names share.

Legal forms and short given names of the world come from `app.reference`.
"""

from app.procurement.number_words import in_figures

#: What abbreviations of trade and government stand for.
_ABBREVIATED = {
    "ACCOUNTING": "ACCTG", "ADMINISTRATION": "ADMIN", "ADVERTISING": "ADVTG", "AEROSPACE": "AERO", "AVENUE": "AVE AV", "BOULEVARD": "BLVD", "HIGHWAY": "HWY", "PARKWAY": "PKWY", "ROAD": "RD", "AGENCY": "AGCY", "AGRICULTURE": "AGRI AGR",
    "AIRPORT": "ARPT", "AMERICA": "AMER", "ARCHITECTS": "ARCHTS ARCH", "ASSOCIATES": "ASSOC ASSOCS", "ASSOCIATION": "ASSN ASN",
    "AUTHORITY": "AUTH", "AUTOMOTIVE": "AUTO", "AVIATION": "AVN", "BROTHERS": "BROS", "BUILDERS": "BLDRS", "BUILDING": "BLDG", "BUREAU": "BUR",
    "BUSINESS": "BUS", "CENTER": "CTR CENTRE CNTR", "CHEMICAL": "CHEM", "COLLEGE": "COLL", "COMMERCIAL": "COML", "COMMISSION": "COMM", "COMMITTEE": "CMTE",
    "COMMUNICATIONS": "COMMS COMMUN", "COMMUNITY": "CMTY", "COMPONENTS": "CMPNTS", "COMPUTER": "CMPTR", "CONSTRUCTION": "CONST CONSTR CONSTRN CNSTR",
    "CONSULTANTS": "CONSLTS", "CONSULTING": "CONSLTG CNSLTG", "CONTRACTING": "CONTRG CONTR", "CONTRACTORS": "CONTRS", "CONTROL": "CTRL", "COOPERATIVE": "COOP",
    "COUNTY": "CNTY", "DEFENSE": "DEF DEFENCE", "DEPARTMENT": "DEPT DPT", "DEVELOPMENT": "DEV DEVEL DEVT", "DISTRIBUTION": "DIST DISTR", "DISTRIBUTORS": "DISTRS",
    "DISTRIBUTING": "DISTRG", "DIVISION": "DIV", "EDUCATION": "EDUC", "ELECTRIC": "ELEC", "ELECTRONICS": "ELECS ELECTR", "ENGINEERING": "ENG ENGR ENGRG ENGG",
    "ENGINEERS": "ENGRS", "ENTERPRISES": "ENTS ENTPRS", "ENTERPRISE": "ENTPR", "ENVIRONMENTAL": "ENV ENVIR ENVTL", "EQUIPMENT": "EQUIP EQPT EQP", "EXPRESS": "EXPR",
    "FABRICATION": "FAB FABR", "FEDERAL": "FED", "FINANCIAL": "FINL", "FORT": "FT", "FOUNDATION": "FDN FNDTN", "GENERAL": "GENL", "GOVERNMENT": "GOV GOVT",
    "GROUP": "GRP GP", "HARDWARE": "HDWE", "HEADQUARTERS": "HQ", "HEALTH": "HLTH", "HOLDING": "HLDG", "HOLDINGS": "HLDGS", "HOSPITAL": "HOSP", "INDUSTRIAL": "INDL",
    "INDUSTRIES": "IND INDS INDUS", "INFORMATION": "INFO", "INSTITUTE": "INST", "INSTRUMENTS": "INSTR INSTRS", "INSURANCE": "INS", "INTERNATIONAL": "INTL INTNL INTERNATL INT",
    "LABORATORIES": "LABS", "LABORATORY": "LAB", "LOGISTICS": "LOG LGSTCS", "MACHINE": "MACH", "MAINTENANCE": "MAINT MNT", "MANAGEMENT": "MGMT MGT MNGMT", "MANUFACTURERS": "MFRS",
    "MANUFACTURING": "MFG MANUF MNFG", "MARKETING": "MKTG MKTNG", "MATERIALS": "MATLS", "MECHANICAL": "MECH", "MEDICAL": "MED", "MEMORIAL": "MEML", "MOUNT": "MT",
    "MUNICIPAL": "MUNI", "NATIONAL": "NATL NAT", "NORTHEAST": "NE", "NORTHWEST": "NW", "OFFICE": "OFC", "OPERATIONS": "OPS", "ORGANIZATION": "ORG ORGANISATION", "PACKAGING": "PKG PKGNG",
    "PARTNERS": "PTNRS PTRS", "PARTNERSHIP": "PTNRSHP", "PHARMACEUTICALS": "PHARMA PHARM", "PRECISION": "PREC", "PRINTING": "PRTG", "PRODUCTS": "PROD PRODS", "PROFESSIONAL": "PROF",
    "PROPERTIES": "PROPS", "PROPERTY": "PROP", "RAILROAD": "RR", "RAILWAY": "RY RWY", "REFRIGERATION": "REFRIG", "RESEARCH": "RES RSCH", "RESOURCES": "RSRCS", "RESTAURANT": "REST", "SAINT": "ST",
    "SCHOOL": "SCH", "SCIENCES": "SCIS", "SCIENTIFIC": "SCI", "SECURITY": "SEC SECY", "SERVICE": "SVC SERV SRVC SVCE", "SERVICES": "SVCS SERVS SRVCS SVS SRVS", "SOCIETY": "SOCY", "SOFTWARE": "SW SFTWR", "SOLUTIONS": "SOLNS SOLS SOLTNS", "SOUTHEAST": "SE",
    "STATION": "STA", "SUPPLIES": "SUPPLS", "SUPPLY": "SUPP SPLY", "SUPPORT": "SPT", "SURGICAL": "SURG", "SYSTEM": "SYST", "SYSTEMS": "SYS SYSTS", "TECHNICAL": "TECHN", "TECHNOLOGIES": "TECHS TECHNOL",
    "TECHNOLOGY": "TECH TECHNLGY", "TELECOMMUNICATIONS": "TELECOM TELECOMM", "TELEPHONE": "TEL", "TERMINAL": "TERM", "TRADING": "TRDG", "TRAINING": "TRNG", "TRANSPORT": "TRANS TRANSP", "TRANSPORTATION": "TRANSPN TRANSPO",
    "UNIVERSITY": "UNIV", "UTILITIES": "UTILS", "VETERANS": "VETS", "WAREHOUSE": "WHSE", "WHOLESALE": "WHSL", "USA": "US",
}  # fmt: skip
_ROMAN = {
    "II": "2", "III": "3", "IV": "4", "VI": "6", "VII": "7", "VIII": "8", "IX": "9", "XI": "11", "XII": "12", "XIII": "13", "XIV": "14", "XV": "15",
    "XVI": "16", "XVII": "17", "XVIII": "18", "XIX": "19", "XX": "20",
}  # fmt: skip
SHORT = {short: word for word, all_short in _ABBREVIATED.items() for short in all_short.split()} | _ROMAN
#: Whole words that are written in many ways, when they are cut off.
FULL_WORDS = frozenset(_ABBREVIATED)
#: Two words that are read as one.
_TWO_WORDS = {
    ("UNITED", "STATES"): "USA", ("NORTH", "AMERICA"): "NA", ("NORTH", "AMERICAN"): "NA", ("CO", "OP"): "COOPERATIVE",
    ("ABD", "AL"): "ABDUL", ("ABD", "EL"): "ABDUL", ("ABD", "UL"): "ABDUL",
}  # fmt: skip
#: Words that many names share, which distinguish firms less than other words do.
COMMON = frozenset({
    "SERVICE", "SERVICES", "GROUP", "HOLDING", "HOLDINGS", "INTERNATIONAL", "NATIONAL", "ENTERPRISE", "ENTERPRISES",
    "SOLUTIONS", "SYSTEMS", "ASSOCIATES", "PARTNERS", "INDUSTRIES", "USA", "AMERICA", "AMERICAN", "GLOBAL", "TRADING",
    "EUROPE", "CANADA", "NA", "WORLDWIDE",
})  # fmt: skip
#: What firms do for a living: words that many names share, too.
TRADES = frozenset({
    "TECHNOLOGY", "TECHNOLOGIES", "CONSULTING", "CONSULTANTS", "CONSTRUCTION", "CONTRACTING", "CONTRACTORS", "ENGINEERING", "MANUFACTURING",
    "MANAGEMENT", "LOGISTICS", "SUPPLY", "PRODUCTS", "MARKETING", "DEVELOPMENT", "RESOURCES", "COMMUNICATIONS", "TRANSPORTATION", "TRANSPORT",
    "SECURITY", "ELECTRONICS", "EQUIPMENT", "CENTER", "INSTITUTE", "FOUNDATION", "ASSOCIATION", "SYSTEM", "SOLUTION", "PARTNERSHIP",
})  # fmt: skip
#: Words that come and go without changing who is meant, among them the prefixes of ships.
FILLERS = frozenset({
    "THE", "OF", "AND", "FOR", "AL", "EL", "UL", "DE", "DEL", "LA", "DU", "DES", "DA", "DI", "VAN", "VON", "DER", "DEN", "FUR", "FUER", "UND", "ET",
    "Y", "BIN", "BEN", "IBN", "MV", "SS", "FV", "TV", "VESSEL", "MR", "MRS", "MS", "DR",
})  # fmt: skip
#: What sets the generations of a family apart.
GENERATIONS = {"JR": "JR", "JNR": "JR", "JUNIOR": "JR", "SR": "SR", "SNR": "SR", "SENIOR": "SR"}
#: Legal forms that may stand before a name, in one word.
LEADING_FORMS = frozenset({
    "OOO", "OAO", "ZAO", "PAO", "AO", "JSC", "OJSC", "CJSC", "PJSC", "TOV", "UAB", "SIA", "PT", "SA", "LLC", "LLP", "SARL", "EURL", "SRL", "SPRL", "GMBH",
})  # fmt: skip
#: Of legal forms of several words, those may stand before a name that begin or, in English, end with one of these.
LEADING_STARTS = frozenset({
    "SOCIETE", "SOCIETA", "SOCIEDAD", "SOCIEDADE", "SOCIETATEA", "GESELLSCHAFT", "OBSHCHESTVO", "AKTSIONERNOE", "ZAKRYTOE", "OTKRYTOE",
    "PUBLICHNOE", "PERSEROAN", "SPOLKA", "KABUSHIKI", "GODO", "YUGEN", "DRUSTVO", "TOVARYSTVO",
})  # fmt: skip
LEADING_ENDS = frozenset({"COMPANY", "PARTNERSHIP", "LIMITED"})
#: Forms of one kind: translations of each other.
FORM_KINDS = dict.fromkeys(("OOO", "TOV"), "LLC") | dict.fromkeys(
    ("OAO", "OJSC", "ZAO", "CJSC", "PAO", "PJSC", "AO"), "JSC"
)


def written_out(words: list[str]) -> tuple[str, ...]:
    """Abbreviations in full and numbers in figures: MFG is MANUFACTURING, FORTY FOUR 44, FIRST and 1ST "1."."""
    read: list[str] = []
    previous = ""
    for word in in_figures(words):
        if (previous, word) in _TWO_WORDS:
            read[-1] = _TWO_WORDS[previous, word]
        else:
            read.append(SHORT.get(word, word))
        previous = word
    return tuple(read)


def is_read_otherwise(word: str) -> bool:
    """Whether a word is an abbreviation, has one, is a number, or comes and goes."""
    return word in FULL_WORDS or word in FILLERS or word in GENERATIONS or written_out([word]) != (word,)
