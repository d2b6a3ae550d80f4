"""Numbers in words: "ONE HUNDRED TWENTY THIRD" is "123."."""

import re
from collections.abc import Iterable, Iterator

_TO_NINETEEN = "ONE TWO THREE FOUR FIVE SIX SEVEN EIGHT NINE TEN ELEVEN TWELVE THIRTEEN FOURTEEN FIFTEEN SIXTEEN SEVENTEEN EIGHTEEN NINETEEN"
_TENS = "TWENTY THIRTY FORTY FIFTY SIXTY SEVENTY EIGHTY NINETY"
_IRREGULAR = {
    "ONE": "FIRST", "TWO": "SECOND", "THREE": "THIRD", "FIVE": "FIFTH", "EIGHT": "EIGHTH", "NINE": "NINTH", "TWELVE": "TWELFTH",
}  # fmt: skip
#: From one to nineteen, and the tens.
_CARDINALS = {word: number for number, word in enumerate(_TO_NINETEEN.split(), 1)} | {
    word: 10 * number for number, word in enumerate(_TENS.split(), 2)
}
#: The same as ordinals.
_ORDINALS = {
    _IRREGULAR.get(word, re.sub("Y$", "IE", word) + "TH"): number for word, number in _CARDINALS.items()
}
_SCALES = {"HUNDRED": 100, "THOUSAND": 1000}
_ORDINAL = re.compile(r"([0-9]{1,9})(?:ST|ND|RD|TH)")


def in_figures(words: Iterable[str]) -> Iterator[str]:
    """The words with numbers in figures; ordinals, also those written 1ST, end with a point."""
    number = _Number()
    for word in words:
        value = _ORDINALS.get(word) or _CARDINALS.get(word)
        if word in _SCALES and number.begun_below(_SCALES[word]):
            number.times(_SCALES[word])
        elif word == "AND" and number.scaled:
            number.joined = True
        elif value is not None:
            # The house of "Twelve Hundred First Street" has the number 1200.
            if not number.takes(value) or (word in _ORDINALS and number.scaled and not number.joined):
                yield from number.ended()
            number.add(value)
            if word in _ORDINALS:
                yield from number.ended(".")
        else:
            yield from number.ended()
            ordinal = _ORDINAL.fullmatch(word)
            yield f"{int(ordinal[1])}." if ordinal else word
    yield from number.ended()


class _Number:
    """A number that is being read."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.scaled = self.joined = False
        self._total = self._value = 0

    def begun_below(self, scale: int) -> bool:
        """Whether there is something to multiply: nobody writes a hundred hundreds."""
        return 0 < self._value < scale

    def takes(self, value: int) -> bool:
        """Whether a word of this value goes on with the number: five after twenty, and nine after hundred."""
        return value < _lowest_place(self._value)

    def add(self, value: int) -> None:
        self._value += value
        self.scaled = self.joined = False

    def times(self, scale: int) -> None:
        self._value *= scale
        if scale == _SCALES["THOUSAND"]:
            self._total, self._value = self._total + self._value, 0
        self.scaled = True

    def ended(self, mark: str = "") -> Iterator[str]:
        """The number, and the AND that turned out not to be part of it."""
        if self._total + self._value:
            yield f"{self._total + self._value}{mark}"
        if self.joined:
            yield "AND"
        self._forget()


def _lowest_place(value: int) -> int:
    """What may still be added stays below this: 10 after twenty, 100 after hundred, 1 after five."""
    if 0 < value < _CARDINALS["TWENTY"]:
        return 1
    return next(place for place in (_SCALES["HUNDRED"], 10, 1) if value % place == 0)
