"""Foreign names have several spellings in Latin letters: whether two words can be spellings of one."""

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

#: Spellings of one and the same word; the first is what the others are read as.
_VARIANTS = (
    "BEIJING PEKING", "QINGDAO TSINGTAO", "GUANGZHOU CANTON", "NANJING NANKING", "TIANJIN TIENTSIN", "CHONGQING CHUNGKING",
    "SICHUAN SZECHUAN SZECHWAN", "GUANGDONG KWANGTUNG", "ZHEJIANG CHEKIANG", "FUJIAN FUKIEN", "JIANGSU KIANGSU",
    "ZHANG CHANG", "ZHOU CHOU CHOW", "XU HSU", "XIE HSIEH", "CAI TSAI", "ZHENG CHENG", "QIAN CHIEN", "XIAO HSIAO",
    "ZHONG CHUNG", "MOHAMMED MOHD MUHAMMAD MOHAMED MOHAMMAD MUHAMMED MEHMED", "HUSSEIN HUSAYN HOSSEIN HUSAIN",
    "YUSUF YOUSSEF YOUSEF YUSSUF", "OSAMA USAMA", "OMAR UMAR", "KYIV KIEV", "KHARKIV KHARKOV", "TEHRAN TEHERAN",
    "ABDUL ABDEL ABDAL ABDOUL ABDOL", "FAROUK FARUQ FAROUKH FARUK FAROOQ", "JAMAL GAMAL", "JULIA YULIA YULIYA IULIIA", "STEVEN STEPHEN", "ERIC ERIK",
    "KATHERINE CATHERINE KATHRYN KATHARINE CATHARINE", "GEOFFREY JEFFREY", "PHILIP PHILLIP", "MARC MARK", "LAWRENCE LAURENCE", "SEAN SHAWN SHAUN",
    "BRIAN BRYAN", "ALAN ALLEN ALLAN", "SARA SARAH", "ANN ANNE", "THERESA TERESA",
)  # fmt: skip
_READ_AS = {word: words.split()[0] for words in _VARIANTS for word in words.split()}

#: Spelling rules, applied in this order, that bring the usual romanisations of one sound together.
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("UE", "U"), ("OE", "O"), ("AE", "A"), ("SHCH|SCHTSCH", "S"), ("TSCH|TCH", "C"), ("SCH|SH", "S"), ("KH", "H"), ("GH", "G"), ("DH", "D"), ("TH", "T"),
        ("PH", "F"), ("ZH|DJ|DZH", "J"), ("CH", "C"), ("CK|Q", "K"), ("X", "KS"), ("TZ|CZ", "TS"), ("OFF$", "OV"),
        ("EFF$", "EV"), ("W", "V"), ("^YE", "E"), ("IY|YI|IJ|YY|II|YE", "I"), ("OU|OO", "U"), ("Y|J(?=$)", "I"), ("EE|IE", "I"),
        ("E", "I"), ("O", "U"), (r"(\D)\1+", r"\1"),
    )
)  # fmt: skip
_VOWELS = frozenset("AIU")
#: In shorter words, other vowels make other words.
_LONG_ENOUGH = 6


@lru_cache(maxsize=65_536)
def sounds_alike(a: str, b: str) -> bool:
    """Whether two words, in upper case, can be romanisations of one: MUHAMMAD and MOHAMMED, IVANOFF and IVANOV."""
    if _READ_AS.get(a, a) == _READ_AS.get(b, b):
        return True
    one, other = _sound(a), _sound(b)
    if one == other:
        return min(len(a), len(b)) >= _LONG_ENOUGH - 1
    long = min(len(a), len(b)) >= _LONG_ENOUGH and (one[0], one[-1]) == (other[0], other[-1])
    return long and OSA.distance(one, other, score_cutoff=1) <= 1 and _skeleton(one) == _skeleton(other)


@lru_cache(maxsize=65_536)
def _sound(word: str) -> str:
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word


def _skeleton(sound: str) -> str:
    return "".join(letter for letter in sound if letter not in _VOWELS)
