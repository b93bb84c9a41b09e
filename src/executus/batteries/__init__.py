"""Opt-in siblings of the core, independent of each other; the core imports none."""

__all__: list[str] = []
