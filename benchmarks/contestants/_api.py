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


async def add_inline(a: int, b: int) -> int:
    return a + b


add_inline.__doc__ = add.__doc__  # for libraries that run synchronous tools in threads


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


def big_history(count: int = 2000, size: int = 450) -> list[dict[str, str]]:
    """So many messages by turns, about 1 MB as JSON, with things to escape; the prompt last."""
    text = ('lorem ipsum "dolor" sit amet,\n consectetur ' * (size // 44 + 1))[:size]
    roles = ("user", "assistant")
    said = [{"role": roles[i % 2], "content": f"{i} {text}"} for i in range(count - 1)]
    return [*said, {"role": "user", "content": PROMPT}]


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

    async def concurrent(self, model: str, count: int, limit: int) -> None:
        """w5: so many agent runs, at most `limit` at a time."""
        from asyncio import gather  # noqa: PLC0415, TID251 - the event loop is charged to its user

        todo = iter(range(count))

        async def work() -> None:
            for _ in todo:
                answer = await self.agent_run(model)
                if "7" not in answer:
                    raise AssertionError(f"wrong answer: {answer!r:.200}")

        await gather(*(work() for _ in range(limit)))

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

    def history(self, messages: list[dict[str, str]]) -> Any:
        """w9: those messages in the library's own types; not timed."""
        raise NotImplementedError

    async def large(self, history: Any) -> str:
        """w9: one completion over such a history, called again and again with the same one."""
        raise NotImplementedError

    async def close(self) -> None:
        """Release what was opened."""

    def can(self, name: str) -> bool:
        """Whether the contestant has that method."""
        return getattr(type(self), name) is not getattr(Base, name)
