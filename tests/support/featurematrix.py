"""The table of features in README, and the test that holds each of its cells.

A cell is yes, with a note at the most, or says why its wire cannot (the wire files' words). The
tests are those of `test_features.py`; `tests/docs/test_feature_matrix.py` checks that each exists
and that README shows this table.
"""

from collections.abc import Iterator

FILE = "tests/majordomo/providers/test_features.py"

PROVIDERS = (
    "openai",
    "openai-responses",
    "anthropic",
    "google",
    "ollama",
    "ollama-cloud",
    "foreman",
    "llama-swap",
)

COLUMNS: dict[str, tuple[str, ...]] = {
    "`openai`": ("openai",),
    "`openai-responses`": ("openai-responses",),
    "`anthropic`": ("anthropic",),
    "`google`": ("google",),
    "`ollama`, `ollama-cloud`, `foreman`": ("ollama", "ollama-cloud", "foreman"),
    "`llama-swap`": ("llama-swap",),
}

BOTH_WAYS = ("whole", "streamed")

TESTS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "chat": (("test_chat_answers", ()),),
    "stream": (("test_a_stream_comes_in_pieces_and_gives_the_whole_answer", ()),),
    "tools": (("test_a_tool_is_called_and_its_result_read", BOTH_WAYS),),
    "parallel tools": (("test_two_calls_of_one_turn_are_answered_in_their_order", BOTH_WAYS),),
    "images in": (("test_an_image_is_shown_to_the_model", BOTH_WAYS),),
    "images in tool results": (("test_an_image_a_tool_gives_is_shown_to_the_model", BOTH_WAYS),),
    "structured output": (("test_an_answer_is_held_to_a_schema", BOTH_WAYS),),
    "thinking": (
        ("test_thinking_is_asked_for_shown_and_sent_back_over_a_tool_turn", BOTH_WAYS),
        ("test_thinking_is_streamed_as_it_comes", ()),
    ),
    "caching": (("test_a_cached_prompt_is_counted", BOTH_WAYS),),
    "usage detail": (("test_usage_is_told_in_detail_and_the_same_both_ways", BOTH_WAYS),),
}
"""The tests of each feature, with the ways each is run in."""

_OLLAMA = COLUMNS["`ollama`, `ollama-cloud`, `foreman`"]
_MOVED = "moved to a user message behind the results: the wire takes none in them"
_MOVED_BEFORE = "Gemini 3 and later; before, moved to a user message behind the results"
_WORDS = "the schema is said in words too: some of these servers ignore `format`"
_COMPATIBLE = (
    "`reasoning_effort`; text and state where a compatible server gives any, OpenAI gives none"
)
_AUTOMATIC = "automatic; what was read from the cache is counted where the server says so"
_NO_WRITES = "no cache writes: the wire does not tell them"

NOTES: dict[tuple[str, str], str] = {
    ("images in tool results", "openai"): _MOVED,
    ("images in tool results", "google"): _MOVED_BEFORE,
    **{("images in tool results", name): _MOVED for name in (*_OLLAMA, "llama-swap")},
    **{("structured output", name): _WORDS for name in _OLLAMA},
    ("thinking", "openai"): _COMPATIBLE,
    ("thinking", "llama-swap"): _COMPATIBLE,
    ("caching", "openai"): _AUTOMATIC,
    ("caching", "openai-responses"): _AUTOMATIC,
    ("caching", "google"): _AUTOMATIC,
    ("caching", "llama-swap"): _AUTOMATIC,
    ("usage detail", "google"): _NO_WRITES,
}
"""What a yes has to be told with."""

_NO_CACHE = "it has no marker and no counter; the server reuses its last prompt by itself"
_NO_DETAIL = "it counts input and output only"

NOT_ON_THIS_WIRE: dict[tuple[str, str], str] = {
    **{("caching", name): _NO_CACHE for name in _OLLAMA},
    **{("usage detail", name): _NO_DETAIL for name in _OLLAMA},
}
"""What a wire cannot, and why."""


def node_ids(feature: str, provider: str) -> Iterator[str]:
    """The tests that hold a cell, on both event loops."""
    for test, ways in TESTS[feature]:
        for way in ways or ("",):
            for backend in ("asyncio", "trio"):
                yield f"{FILE}::{test}[{'-'.join(filter(None, (backend, way, provider)))}]"


def table() -> str:
    """The table as README shows it, with its notes."""
    notes: list[str] = []
    rows = [f"| | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for feature in TESTS:
        cells = [_cell(feature, providers, notes) for providers in COLUMNS.values()]
        rows.append(f"| {feature} | {' | '.join(cells)} |")
    said = [f"{number}. {note[0].upper()}{note[1:]}." for number, note in enumerate(notes, 1)]
    return "\n".join([*rows, "", *said])


def _cell(feature: str, providers: tuple[str, ...], notes: list[str]) -> str:
    [word] = {"no" if (feature, p) in NOT_ON_THIS_WIRE else "yes" for p in providers}
    [note] = {(NOTES | NOT_ON_THIS_WIRE).get((feature, p), "") for p in providers}
    if not note:
        return word
    text = f"not on this wire: {note}" if word == "no" else note
    if text not in notes:
        notes.append(text)
    return f"{word} ({notes.index(text) + 1})"


if __name__ == "__main__":
    print(table())  # noqa: T201 - for README
