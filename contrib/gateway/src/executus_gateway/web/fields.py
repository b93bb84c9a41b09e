"""What a form sent: names with texts, as the console's script puts them into JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pydantic import TypeAdapter, ValidationError

from executus_gateway.errors import Refused

__all__ = ["Fields", "fields_of"]

_Texts: TypeAlias = dict[str, list[str]]
_TEXTS: TypeAdapter[_Texts] = TypeAdapter(_Texts)


class Fields:
    """The fields of one form.

    Args:
        given: Their texts, by name; a name may have several.
    """

    def __init__(self, given: Mapping[str, Sequence[str]]) -> None:
        self._given = given

    def text(self, name: str) -> str:
        """A field's text without white space around it; empty when it is missing."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """A field's text as it was typed; empty when it is missing."""
        found = self._given.get(name) or ("",)
        return found[0]

    def required(self, name: str) -> str:
        """A field's text.

        Raises:
            Refused: It is missing or empty.
        """
        found = self.text(name)
        if not found:
            raise Refused(f"{name.replace('_', ' ')} is empty: fill it in")
        return found

    def below(self, prefix: str) -> dict[str, Sequence[str]]:
        """The fields whose name begins so, by the rest of their name."""
        return {
            name.removeprefix(prefix): texts
            for name, texts in self._given.items()
            if name.startswith(prefix)
        }


def fields_of(body: bytes) -> Fields:
    """The fields in a request's body.

    Raises:
        Refused: It is not an object of lists of texts. What it was is not told: it may hold a
            secret.
    """
    try:
        return Fields(_TEXTS.validate_json(body, strict=True))
    except ValidationError:
        raise Refused("a form is sent as a JSON object of lists of texts") from None
