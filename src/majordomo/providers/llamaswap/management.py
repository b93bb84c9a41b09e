"""What llama-swap says about its models (wire/llama-swap §3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from majordomo.providers.members import count_of, object_of, text_of
from majordomo.providers.wire import ResponseMeta

__all__ = ["ListedModel", "RunningModel", "read_models", "read_running"]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """A model that can be asked for. Only the id is sure; older releases say no more.

    Attributes:
        id: Model id.
        name: For people.
        description: For people.
        kind: `model`, `alias`, `peer`, `selector` or `profile`; "" when not said.
        aliases: Other ids of the same model.
        capabilities: Such as `vision` or `image_generation`, as far as the operator wrote them
            down: one that is absent may be there all the same.
        context_tokens: Size of the context window in tokens.
        loaded: Whether it is in memory, or about to be or to leave; None when not said.
    """

    id: str
    name: str = ""
    description: str = ""
    kind: str = ""
    aliases: tuple[str, ...] = ()
    capabilities: frozenset[str] = frozenset()
    context_tokens: int | None = None
    loaded: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningModel:
    """A model whose server runs.

    Attributes:
        model: Model id.
        state: `starting`, `ready`, `stopping` or `shutdown`.
        ttl_s: Seconds without requests after which it is unloaded; None when not said.
        raw: All that was said. Its `cmd` may hold secrets: keep it out of logs.
    """

    model: str
    state: str
    ttl_s: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)


def read_models(body: Any, meta: ResponseMeta) -> tuple[ListedModel, ...]:
    """The answer of `GET /v1/models`, in its order."""
    del meta
    return tuple(_listed(item) for item in body["data"] or ())


def read_running(body: Any, meta: ResponseMeta) -> tuple[RunningModel, ...]:
    """The answer of `GET /running`; null stands for none."""
    del meta
    return tuple(
        RunningModel(
            model=item["model"], state=item["state"], ttl_s=count_of(item, "ttl") or None, raw=item
        )
        for item in body["running"] or ()
    )


def _listed(item: Json) -> ListedModel:
    meta = object_of(item, "meta")
    own = object_of(meta, "llamaswap")
    status = object_of(item, "status").get("value")
    return ListedModel(
        id=item["id"],
        name=text_of(item, "name"),
        description=text_of(item, "description"),
        kind=text_of(own, "type"),
        aliases=tuple(_texts(own.get("aliases"))),
        capabilities=frozenset(k for k, v in object_of(item, "capabilities").items() if v),
        context_tokens=count_of(item, "context_length") or count_of(meta, "n_ctx") or None,
        loaded=status == "loaded" if isinstance(status, str) else None,
    )


def _texts(value: object) -> Iterable[str]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return (item for item in items if isinstance(item, str))
