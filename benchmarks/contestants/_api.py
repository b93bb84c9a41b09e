"""What a contestant is: a module with `REQUIRES` and a class `Contestant(Base)`.

The measured library is imported at the top of the contestant's module; that is what w1 times as
"import". `Contestant(base_url)` builds one client or agent ("construct"); `base_url` ends in /v1.
A method a library has no equivalent of is left out, and its figures are shown as "-".
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is loaded by whoever needs it, and charged to them
if TYPE_CHECKING:
    from typing import Any

KEY = "sk-mock"
SYSTEM = "You are a helpful assistant. Use the tools when needed."
PROMPT = "What is 3 + 4?"
TEXT = "The answer is 7."
ADD_ARGS = '{"a":3,"b":4}'
BOOK_ARGS = '{"city":"Oslo","nights":3,"budget":120.5,"breakfast":false,"tags":["work","quiet"]}'
BOOK_RESULT = "Oslo/3/120.5/False/['work', 'quiet']"


def add(a: int, b: int) -> int:
    """Add two integers.

    Args:
        a: The first number.
        b: The second number.
    """
    return a + b


def book(
    city: str, nights: int, budget: float, breakfast: bool = True, tags: list[str] | None = None
) -> str:
    """Book a hotel room.

    Args:
        city: The city to stay in.
        nights: The number of nights.
        budget: The highest price per night.
        breakfast: Whether breakfast is wanted.
        tags: Free-form labels for the booking.
    """
    return f"{city}/{nights}/{budget}/{breakfast}/{tags}"


class Base:
    """The methods a workload may ask for; `model` is a scenario of the mock server."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    async def complete(self, model: str) -> str:
        """w2: one non-streaming completion."""
        raise NotImplementedError

    async def agent_run(self, model: str) -> str:
        """w3: an agent with the tool `add`, until the final text."""
        raise NotImplementedError

    async def stream(self, model: str) -> tuple[int, int]:
        """w4: one streamed completion; how many text deltas, how many characters."""
        raise NotImplementedError

    def failover_new(self, cooldown: bool) -> Any:
        """w6: a chain of the models f503 and plain; without cooldown every call fails over."""
        raise NotImplementedError

    async def failover_call(self, chain: Any) -> str:
        """w6: one completion by such a chain."""
        raise NotImplementedError

    async def inproc_run(self, turns: int) -> str:
        """w7: an agent run of so many tool turns on a fake model in this process."""
        raise NotImplementedError

    async def inproc_threaded(self, turns: int) -> str:
        """w7: the same with a synchronous tool that runs in a worker thread."""
        raise NotImplementedError

    def make_agent(self) -> Any:
        """w7: a new agent with the tool `add`, made from the function, on an existing model."""
        raise NotImplementedError

    def tool_build(self) -> Any:
        """w8: a typed tool made from `book`."""
        raise NotImplementedError

    async def tool_call(self, tool: Any, arguments: str) -> object:
        """w8: parse, validate, call."""
        raise NotImplementedError

    async def close(self) -> None:
        """Release what was opened."""

    def can(self, name: str) -> bool:
        """Whether the contestant has that method."""
        return getattr(type(self), name) is not getattr(Base, name)
