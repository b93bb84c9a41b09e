"""The text of an answer while it comes: what has been said, and the part that still moves."""

from __future__ import annotations

from executus import events

__all__ = ["Streamed", "Tail"]


class Streamed:
    """What the model has said since it was last asked."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def note(self, event: events.RunEvent) -> None:
        """Take note of an event."""
        match event:
            case events.TextDelta():
                self._pieces.append(event.text)
            case events.AnswerStarted():
                self._pieces.clear()
            case _:
                return

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._pieces)


class Tail:
    """The end of a growing text; its finished part is handed out once and forgotten.

    What is kept is bounded by the caller's `most`, so that a long answer costs its length and not
    the square of it.
    """

    def __init__(self) -> None:
        self.text = ""

    def add(self, text: str) -> None:
        """The text goes on."""
        self.text += text

    def take_lines(self) -> str | None:
        """Hand out the complete lines, the last line break excluded; None when there are none."""
        lines, found, rest = self.text.rpartition("\n")
        if not found:
            return None
        self.text = rest
        return lines

    def take_all(self) -> str:
        """Hand out everything."""
        text, self.text = self.text, ""
        return text

    def forget_all_but(self, most: int) -> None:
        """Keep the last characters only."""
        if len(self.text) > most:
            self.text = self.text[-most:]
