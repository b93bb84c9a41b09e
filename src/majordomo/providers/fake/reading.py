"""What the offline model sees in a text: quotations, zones, times, numbers, sums and words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

__all__ = ["GENERIC_ARITHMETIC", "Kind", "Reading", "Token", "operator_words", "words_of"]

MAX_CHARS = 10_000

_TOKEN = re.compile(
    r"""
    "(?P<double>[^"]*)" | \u201c(?P<curly>[^\u201d]*)\u201d | (?<!\w)'(?P<single>[^']*)'(?!\w)
    | (?P<zone>\b[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_]+){1,2}\b | \bUTC\b)
    | (?P<stamp>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?
        | \b\d{1,2}:\d\d(?::\d\d)?\b)
    | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w))
    | (?P<word>\w+(?:['\u2019-]\w+)*)
    | (?P<operator>[-+*/\u00d7\u00f7^%\u2212])
    """,
    re.VERBOSE,
)
_NUMBER = r"(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_EXPRESSION = re.compile(
    rf"[(+\-\u2212 ]*{_NUMBER}(?:[ )]*[+\-*/\u00d7\u00f7^%\u2212][ (+\-\u2212]*{_NUMBER})*[ )]*"
)
_SIGN = re.compile(r"(?<=[\d)]) *([-+*/\u00d7\u00f7^%\u2212])")

_STOP = frozenset(
    """a about after again all also am an and any are as ask at be been but by call can compute
    could did do does done each every find for from get give given go had has have he her here him
    his how i if in input into is it its just know let like make many may me more most much my
    need new no not now number numbers of on one or other our out output over per please
    result results return returns run say see she should show so some tell text than that the
    their them then there these they this three to tool two up use used using value values
    very want was we were what when where which who whose why will with would you your""".split()  # noqa: SIM905
)

GENERIC_ARITHMETIC = frozenset({"arithmetic", "calculate", "calculator", "expression", "math"})
_OPERATOR_WORDS = {
    "+": {"add", "addition", "plus", "sum"},
    "-": {"difference", "minus", "subtract", "subtraction"},
    "*": {"multiplication", "multiply", "product"},
    "/": {"divide", "division", "quotient"},
    "^": {"exponent", "power"},
    "%": {"modulo", "modulus", "remainder"},
}
_SAME_SIGN = {"\u00d7": "*", "\u00f7": "/", "\u2212": "-"}


class Kind(Enum):
    """What a token can fill."""

    QUOTED = auto()
    ZONE = auto()
    STAMP = auto()
    NUMBER = auto()
    WORD = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text that may become an argument."""

    kind: Kind
    text: str

    @property
    def stem(self) -> str:
        """The word as it is compared; the text itself of anything else."""
        return _stem(self.text) if self.kind is Kind.WORD else self.text

    @property
    def trivial(self) -> bool:
        """A word that says nothing about what is asked."""
        return self.kind is Kind.WORD and self.stem in _STOP


class Reading:
    """One text, taken apart.

    Attributes:
        text: The text, stripped; what is over 10,000 characters is not read.
        tokens: Quotations, zones, times, numbers and words, in order.
        words: Stems of the words that are not stop words.
        operators: Signs between two numbers.
        expression: The longest arithmetic expression, or an empty string.
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()[:MAX_CHARS]
        self.tokens: list[Token] = []
        plain = self._tokenize()
        self.words = frozenset(t.stem for t in self.tokens if t.kind is Kind.WORD and not t.trivial)
        self.expression = _longest_expression(plain)
        signs: list[str] = _SIGN.findall(self.expression)
        self.operators = frozenset(_SAME_SIGN.get(sign, sign) for sign in signs)

    def _tokenize(self) -> str:
        """Fill `tokens`; returns the text with everything blanked that is no arithmetic."""
        plain: list[str] = []
        after_number, at = False, 0
        sign = ""
        for match in _TOKEN.finditer(self.text):
            gap = self.text[at : match.start()]
            sign = sign if not gap else ""
            plain.append(gap)
            at = match.end()
            group, found = match.lastgroup or "", match[0]
            if group == "operator":
                # "5-3" subtracts, "-3" and "5 * -3" are signed.
                after_number = after_number and (not gap or self.text[at : at + 1] == " ")
                sign = "-" if found in "-\u2212" and not after_number else ""
                after_number = False
                plain.append(found)
                continue
            plain.append(found if group == "number" else "\0" * len(found))
            self._add(group, match[group], sign)
            sign, after_number = "", group == "number"
        return "".join([*plain, self.text[at:]])

    def _add(self, group: str, text: str, sign: str) -> None:
        kind = {"zone": Kind.ZONE, "stamp": Kind.STAMP, "number": Kind.NUMBER, "word": Kind.WORD}
        if group == "number":
            text = sign + text
        self.tokens.append(Token(kind.get(group, Kind.QUOTED), text))


def _longest_expression(plain: str) -> str:
    found = (_balance(match[0].strip()) for match in _EXPRESSION.finditer(plain))
    return max(found, key=len, default="")


def _balance(text: str) -> str:
    """Drop parentheses at the ends that have no partner: they belong to the prose."""
    while text.count("(") > text.count(")") and text.startswith("("):
        text = text[1:].strip()
    while text.count(")") > text.count("(") and text.endswith(")"):
        text = text[:-1].strip()
    return text


def operator_words(operators: frozenset[str]) -> frozenset[str]:
    """Words by which a tool says that it knows one of these signs."""
    if not operators:
        return frozenset()
    return GENERIC_ARITHMETIC.union(*(_OPERATOR_WORDS[sign] for sign in operators))


def words_of(text: str) -> frozenset[str]:
    """Stems of a name's or a description's words, stop words left out."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).replace("_", " ").replace("-", " ")
    stems = (_stem(word) for word in re.findall(r"[^\W\d]\w*(?:['\u2019]\w+)?", spaced))
    return frozenset(stem for stem in stems if stem not in _STOP)


def _stem(word: str) -> str:
    """A word without case, possessive and plural: enough for "tools" to meet "tool"."""
    word = word.lower().replace("\u2019", "'").removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
