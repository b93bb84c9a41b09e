"""What an Ollama server says about its models (wire/ollama §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from majordomo.providers.members import count_of, object_of, text_of
from majordomo.providers.wire import ResponseMeta

__all__ = ["InstalledModel", "read_models"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledModel:
    """A model that can be asked for without fetching it first. Only the id is sure.

    Attributes:
        id: Model id, with its tag.
        size_bytes: Size on disk; None when not said.
        family: Such as `qwen3`; "" when not said, as the following.
        parameters: Number of parameters for people, such as `8.2B`.
        quantization: Such as `Q4_K_M`.
    """

    id: str
    size_bytes: int | None = None
    family: str = ""
    parameters: str = ""
    quantization: str = ""


def read_models(body: Any, meta: ResponseMeta) -> tuple[InstalledModel, ...]:
    """The answer of `GET /api/tags`, in its order; null stands for none."""
    del meta
    return tuple(_installed(item) for item in body["models"] or ())


def _installed(item: dict[str, Any]) -> InstalledModel:
    details = object_of(item, "details")
    id_ = text_of(item, "model") or text_of(item, "name")
    if not id_:
        raise ValueError("a model without a name")
    return InstalledModel(
        id=id_,
        size_bytes=count_of(item, "size"),
        family=text_of(details, "family"),
        parameters=text_of(details, "parameter_size"),
        quantization=text_of(details, "quantization_level"),
    )
