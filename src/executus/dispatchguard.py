"""Agents that dispatch agents: no loops, and bounds on depth, on children and on the whole tree."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self, TypeAlias, cast

from executus.errors import RunRejected, SetupError

__all__ = ["DispatchGuard", "DispatchRefused", "Guard", "Lineage", "Refusal"]

Refusal: TypeAlias = Literal["loop", "depth", "children", "total", "ended", "duplicate"]


class DispatchRefused(RunRejected):
    """An agent may not be dispatched; the message tells a model why and what to do instead.

    Args:
        sentence: Why, and what would help.
        reason: Which bound it met.
        agents: The ancestry, the refused agent last.
    """

    def __init__(self, sentence: str, *, reason: Refusal, agents: tuple[str, ...]) -> None:
        self.reason: Refusal = reason
        self.agents = agents
        super().__init__(f"agent {agents[-1]!r} was not dispatched: {sentence}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Where a run stands among the runs that dispatched it.

    Attributes:
        run_id: The run.
        root_id: The run at the top of its tree; its own id for a root.
        agents: Names of the agents from the root down, its own last.
        depth: Dispatches between the root and it; 0 for a root.
    """

    run_id: str
    root_id: str
    agents: tuple[str, ...]
    depth: int

    def as_json(self) -> dict[str, Any]:
        """The lineage as plain JSON values."""
        return {
            "run_id": self.run_id,
            "root_id": self.root_id,
            "agents": list(self.agents),
            "depth": self.depth,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        match value:
            case {"run_id": str(run_id), "root_id": str(root_id), "agents": [*agents], "depth": d}:
                names = tuple(str(name) for name in cast("list[object]", agents))
                if type(d) is int and names and d >= 0:
                    return cls(run_id=run_id, root_id=root_id, agents=names, depth=d)
            case _:
                pass
        raise ValueError("a lineage has a run_id, a root_id, agents and a depth")


class Guard(Protocol):
    """Decides which runs may begin below which. Called from any thread; must answer at once."""

    def begin(self, run_id: str, agent: str) -> Lineage:
        """A run begins that nobody dispatched.

        Raises:
            DispatchRefused: It may not.
        """
        ...

    def admit(self, parent: Lineage, run_id: str, agent: str) -> Lineage:
        """A run dispatches another.

        Raises:
            DispatchRefused: It may not.
        """
        ...

    def end(self, lineage: Lineage) -> None:
        """A run has ended; told once or more, and only of runs that began."""
        ...


class _Tree:
    """What is remembered of one root while it runs."""

    __slots__ = ("children", "total")

    def __init__(self, root_id: str) -> None:
        self.children = {root_id: 0}  # of each run that has not ended, all it ever dispatched
        self.total = 0


class DispatchGuard:
    """The shipped guard, for all runs of a process. Thread-safe; an ended tree leaves nothing.

    An agent that stands in its own ancestry already is a loop, whatever the bounds. A dispatch that
    was admitted counts for good, however its run ends, so a run cannot spend more by failing.

    Args:
        max_depth: Most dispatches below one another; 0 allows none.
        max_children: Most dispatches by one run.
        max_total: Most dispatches below one root, at all depths together.
        allow_self: Whether an agent may dispatch itself, as deep as `max_depth`. It still may not
            come back by way of another.

    Raises:
        SetupError: A bound is negative.

    Example:
        >>> guard = DispatchGuard()
        >>> root = guard.begin("r1", "planner")
        >>> child = guard.admit(root, "r2", "writer")
        >>> child.depth, child.agents
        (1, ('planner', 'writer'))
        >>> try:
        ...     guard.admit(child, "r3", "planner")
        ... except DispatchRefused as refused:
        ...     print(refused.reason, refused.agents)
        loop ('planner', 'writer', 'planner')
        >>> guard.end(root)
    """

    def __init__(
        self,
        max_depth: int = 3,
        max_children: int = 8,
        max_total: int = 32,
        *,
        allow_self: bool = False,
    ) -> None:
        if min(max_depth, max_children, max_total) < 0:
            raise SetupError("max_depth, max_children and max_total must be at least 0")
        self._max_depth = max_depth
        self._max_children = max_children
        self._max_total = max_total
        self._allow_self = allow_self
        self._lock = threading.Lock()
        self._trees: dict[str, _Tree] = {}

    @property
    def live(self) -> int:
        """How many runs are remembered: those begun that have not ended, in trees that have not."""
        with self._lock:
            return sum(len(tree.children) for tree in self._trees.values())

    def begin(self, run_id: str, agent: str) -> Lineage:
        """A root begins.

        Raises:
            DispatchRefused: A root with this id has not ended yet.
        """
        with self._lock:
            if run_id in self._trees:
                raise _duplicate(run_id, (agent,))
            self._trees[run_id] = _Tree(run_id)
        return Lineage(run_id=run_id, root_id=run_id, agents=(agent,), depth=0)

    def admit(self, parent: Lineage, run_id: str, agent: str) -> Lineage:
        """A run dispatches another; a refusal counts for nothing.

        Raises:
            DispatchRefused: It would be a loop, a bound is met, the parent or its root has ended,
                or a run of the tree has this id.
        """
        agents = (*parent.agents, agent)
        self._check_ancestry(parent, agents)
        with self._lock:
            tree = self._trees.get(parent.root_id)
            if tree is None or parent.run_id not in tree.children:
                raise DispatchRefused(
                    "the run that asks has ended, or its root has; begin a new run",
                    reason="ended",
                    agents=agents,
                )
            if run_id in tree.children:
                raise _duplicate(run_id, agents)
            self._check_counts(tree, parent, agents)
            tree.children[parent.run_id] += 1
            tree.total += 1
            tree.children[run_id] = 0
        return Lineage(run_id=run_id, root_id=parent.root_id, agents=agents, depth=parent.depth + 1)

    def _check_ancestry(self, parent: Lineage, agents: tuple[str, ...]) -> None:
        agent, above = agents[-1], parent.agents
        while self._allow_self and above and above[-1] == agent:
            above = above[:-1]
        if agent in above:
            raise DispatchRefused(
                f"it is at work above you already ({' → '.join(agents)}); "
                "do this part yourself or choose another agent",
                reason="loop",
                agents=agents,
            )
        if parent.depth >= self._max_depth:
            raise DispatchRefused(
                f"agents may stand at most {self._max_depth} below one another "
                f"({' → '.join(agents)}); do this part yourself",
                reason="depth",
                agents=agents,
            )

    def _check_counts(self, tree: _Tree, parent: Lineage, agents: tuple[str, ...]) -> None:
        if tree.children[parent.run_id] >= self._max_children:
            raise DispatchRefused(
                f"this run has dispatched {self._max_children} agents, as many as it may; "
                "finish with what they answered",
                reason="children",
                agents=agents,
            )
        if tree.total >= self._max_total:
            raise DispatchRefused(
                f"{self._max_total} agents have been dispatched for this task, as many as may; "
                "finish with what they answered",
                reason="total",
                agents=agents,
            )

    def end(self, lineage: Lineage) -> None:
        """Forget a run; with a root, its whole tree, though children may still run.

        Ending it again, or ending a run of a tree that is gone, does nothing.
        """
        with self._lock:
            if lineage.run_id == lineage.root_id:
                self._trees.pop(lineage.root_id, None)
            elif tree := self._trees.get(lineage.root_id):
                tree.children.pop(lineage.run_id, None)


def _duplicate(run_id: str, agents: tuple[str, ...]) -> DispatchRefused:
    return DispatchRefused(
        f"run id {run_id!r} belongs to a run that has not ended; give every run its own",
        reason="duplicate",
        agents=agents,
    )
