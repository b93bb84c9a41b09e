"""An image request as `/images/generations` takes it (wire/openai §10, wire/llama-swap §6)."""

from __future__ import annotations

from typing import Any

from majordomo.errors import UnsupportedRequest
from majordomo.imagegen import ImageRequest
from majordomo.llm.response import Target
from majordomo.providers.images.dialect import ImageDialect
from majordomo.providers.text import dump

__all__ = ["encode_image_request"]


def encode_image_request(
    request: ImageRequest, target: Target, dialect: ImageDialect
) -> dict[str, Any]:
    """The request's body. No field is null: some servers stumble over that.

    Raises:
        UnsupportedRequest: The prompt brings the tag that carries arguments.
    """
    extra = dict(request.extra)
    arguments = extra.pop(dialect.prompt_tag, None) if dialect.prompt_tag else None
    asked = not any(part in target.model for part in dialect.base64_unasked)
    fields = {
        "model": target.model,
        "prompt": _prompt(request.prompt, arguments, dialect.prompt_tag, target),
        "n": request.n,
        "size": request.size,
        "response_format": "b64_json" if asked else None,
        **extra,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _prompt(prompt: str, arguments: object, tag: str, target: Target) -> str:
    if tag and f"<{tag}" in prompt.lower():
        raise UnsupportedRequest(
            f"the prompt holds a <{tag}> tag, which changes parameters; give them in "
            f"extra[{tag!r}]",
            provider=target.provider,
            model=target.model,
        )
    if arguments is None:
        return prompt
    # Escaped, so that no text inside can close the tag.
    encoded = dump(arguments, target).decode().replace("<", "\\u003c")
    return f"{prompt} <{tag}>{encoded}</{tag}>"
