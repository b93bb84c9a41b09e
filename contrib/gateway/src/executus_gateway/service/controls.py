"""The gateway's own tools: `tools.search`, `tools.describe`, `tools.executor.*`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from executus_gateway.domain import check
from executus_gateway.schema import AuthScheme, ToolDescriptor, ToolEffect

__all__ = ["Control", "Controls", "EffectOf", "Lacks", "object_schema"]

EffectOf: TypeAlias = Callable[[Mapping[str, Any]], ToolEffect]
"""What a control does with these arguments: a program to start is not an address to read."""

Lacks: TypeAlias = Callable[[Mapping[str, Any]], "tuple[str, tuple[AuthScheme, ...]]"]
"""The source whose credentials a call with these arguments lacks, and which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One of them.

    Attributes:
        path: Below `tools`.
        description: For the model.
        schema: Of its arguments.
        effect: Of what it does, by its arguments.
        run: Does it; gives a JSON value.
        lacks: Whose credentials a person must give first.
    """

    path: str
    description: str
    schema: Mapping[str, Any]
    run: Callable[[Mapping[str, Any]], Awaitable[Any]]
    effect: ToolEffect | EffectOf = "read"
    lacks: Lacks | None = None

    def descriptor(self, arguments: Mapping[str, Any]) -> ToolDescriptor:
        """As any other tool, for a call with these arguments."""
        effect = self.effect(arguments) if callable(self.effect) else self.effect
        return ToolDescriptor(
            path=self.path,
            description=self.description,
            effect=effect,
            input_schema=dict(self.schema),
        )


class Controls:
    """Controls by path."""

    def __init__(self) -> None:
        self._by_path: dict[str, Control] = {}

    def add(self, *controls: Control) -> None:
        """Add some; a later one of the same path wins."""
        for control in controls:
            self._by_path[control.path] = control

    def find(self, path: str) -> Control | None:
        """The control of that path, or None."""
        return self._by_path.get(path)

    async def call(self, path: str, arguments: Mapping[str, Any]) -> Any:
        """What a control gives, for whoever needs no leave to use it.

        Raises:
            KeyError: There is none of that path.
            MisfitArguments: The arguments do not fit it.
        """
        control = self._by_path[path]
        check(control.schema, arguments)
        return await control.run(arguments)

    def all(self) -> list[Control]:
        """All of them."""
        return list(self._by_path.values())


def object_schema(*required: str, **properties: Mapping[str, Any]) -> dict[str, Any]:
    """A closed JSON Schema of an object."""
    return {
        "type": "object",
        "properties": {name: dict(schema) for name, schema in properties.items()},
        "required": list(required),
        "additionalProperties": False,
    }
