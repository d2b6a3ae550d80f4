"""Times and characters in the printed contract file."""

import re
from datetime import UTC, datetime

from app.procurement.federal_time import eastern
from app.procurement.labels import without_unseen

#: Characters of the fonts inside Typst that the document uses: Latin, Greek, Cyrillic, punctuation, signs.
_PRINTABLE = (
    (0x0A, 0x0A),
    (0x20, 0x7E),
    (0xA0, 0xAC),
    (0xAE, 0x34E),
    (0x350, 0x377),
    (0x384, 0x38A),
    (0x38C, 0x38C),
    (0x38E, 0x3A1),
    (0x3A3, 0x4FF),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x2030, 0x2040),
    (0x20A0, 0x20C0),
    (0x2100, 0x211E),
    (0x2153, 0x2184),
    (0x2190, 0x23FF),
    (0x2500, 0x25FF),
    (0xFFFD, 0xFFFD),
)
_OTHER = re.compile(f"[^{''.join(f'{chr(first)}-{chr(last)}' for first, last in _PRINTABLE)}]")


def printable(text: str) -> str:
    """The text with each character that the fonts lack replaced by its code point, such as [U+1F600].

    Invisible characters become �, as on the pages.
    """
    plain = without_unseen(text.replace("\r\n", "\n").replace("\t", " "))
    return _OTHER.sub(lambda letter: f"[U+{ord(letter[0]):04X}]", plain)


def moment(time: datetime | None, *, absent: str = "not yet") -> str:
    """A time in Eastern time with its zone and in UTC, to the second."""
    return absent if time is None else _written(time, "seconds")


def instant(time: datetime | None, *, absent: str = "not yet") -> str:
    """The same to the millisecond, where the order of events matters."""
    return absent if time is None else _written(time, "milliseconds")


def _written(time: datetime, precision: str) -> str:
    utc, local = time.astimezone(UTC), eastern(time)

    def clock(at: datetime) -> str:
        return at.time().isoformat(timespec=precision)

    day = "" if local.date() == utc.date() else f"{utc.date()} "
    return f"{local.date()} {clock(local)} {local.tzname()} ({day}{clock(utc)} UTC)"
