"""The commands of a group, each loaded when it is looked up: one command's price is its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module

import click

__all__ = ["LateCommands"]


class LateCommands(MutableMapping[str, click.Command]):
    """Name → command, for `click.Group(commands=…)`; names alone load nothing.

    Args:
        places: Name → where the command is, as `module:attribute`.

    Example:
        >>> commands = LateCommands({"doctor": "executus.cli.doctor:doctor"})
        >>> list(commands)
        ['doctor']
        >>> commands["doctor"].name
        'doctor'
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module, _, attribute = self._places[name].partition(":")
            self._loaded[name] = getattr(import_module(module), attribute)
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._places[name] = ""
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._loaded.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
