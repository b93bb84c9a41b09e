"""llama-swap in the lab: OpenAI's wire behind a model that loads first (wire/llama-swap §4, §5)."""

from dataclasses import replace

from labwire import dumped
from wire_openai import openai

from executus.testing.server import llama_swap_error, loading_chunks
from majordomo.providers.llamaswap import llama_swap_provider

_OWN = {
    "rate": (429, "concurrency_limit", "too many requests", "rate_limit_error"),
    "server": (502, "bad_gateway", "upstream died", "server_error"),
    "overloaded": (503, "service_unavailable", "no slot is free", "server_error"),
    "missing": (404, "not_found", "no such model", "invalid_request_error"),
}


def _own_error(what):
    """llama-swap's words where it has any; the others are those of the server behind it."""
    if what not in _OWN:
        return openai().error(what)
    status, code, message, type_ = _OWN[what]
    return dumped(llama_swap_error(status, code, message, type=type_).body)


def llama_swap():
    upstream, loading = openai(), tuple(loading_chunks())
    before = len(loading)
    return replace(
        upstream,
        name="llama-swap",
        make=llama_swap_provider,
        stream=(*loading, *upstream.stream),
        before_content=upstream.before_content + before,
        first_content=upstream.first_content + before,
        in_arguments=upstream.in_arguments + before,
        before_finish=upstream.before_finish + before,
        before_end=upstream.before_end + before,
        error=_own_error,
        stream_error=b"data: " + _own_error("overloaded") + b"\n\n",
        like="openai",
    )
