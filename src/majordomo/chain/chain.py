"""Targets in order, asked as one model: the only place where an attempt is made again."""

from __future__ import annotations

import random as stdlib_random
from collections.abc import Callable, Iterator, Sequence

from majordomo.chain.events import Observer
from majordomo.chain.plan import Classifier, Plan
from majordomo.chain.policy import ChainPolicy
from majordomo.chain.stream import StreamBlock
from majordomo.chain.walk import Try, Walk
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import ConfigError, classify
from majordomo.health import HealthTracker
from majordomo.llm.model import Capabilities, Model
from majordomo.llm.request import Request
from majordomo.llm.response import Response, Target

__all__ = ["Chain"]


class Chain:
    """A `Model` that asks its targets in order until one answers.

    | Event                                      | What happens                                    |
    |--------------------------------------------|-------------------------------------------------|
    | transient failure                          | charged once per attempt; retried after a       |
    |                                            | jittered wait while the target is not benched;  |
    |                                            | then the next target                            |
    | longer `Retry-After` than the policy takes | benched that long, next target                  |
    | benched target                             | skipped without dialling                        |
    | model not found, request the target cannot | next target                                     |
    | take, fault on this side                   |                                                 |
    | no key or URL                              | skipped; of a single target, raised             |
    | bad key, bad request, quota                | raised, unless `advance_on_permanent`           |
    | context overflow                           | next target with a larger declared window, else |
    |                                            | raised                                          |
    | own history rejected                       | asked again once without provider state, else   |
    |                                            | as a bad request                                |
    | foreign exception, cancellation            | raised unchanged                                |
    | no target left                             | `ChainExhausted`                                |

    Only transient failures are charged to a target's health. A single target is a chain of one.
    A stream changes its target only before its first content; entering its block waits for that.
    The time until then is shared: with n targets left, an attempt has a n-th of what is left of the
    deadline, so that a target that hangs does not use up the others' time.
    Safe to share between tasks and threads: a request keeps its state to itself.

    Args:
        targets: Models in order, at least one. A chain among them stands for its own targets: a
            retry loop inside a retry loop would multiply the waiting.
        health: Shared between chains, so that what one learns of a target serves all.
        policy: How long to try.
        clock: Tells, spends and limits time.
        observer: Told of every event, synchronously. When it fails, that is logged and ignored.
        classifier: Says what a failure means; for one that is no `APIError`, too.
        random: Gives numbers from 0 to 1, for the jitter.

    Raises:
        ConfigError: There are no targets.
    """

    def __init__(
        self,
        targets: Sequence[Model],
        *,
        health: HealthTracker,
        policy: ChainPolicy = ChainPolicy(),
        clock: Clock = SYSTEM_CLOCK,
        observer: Observer | None = None,
        classifier: Classifier = classify,
        random: Callable[[], float] = stdlib_random.random,
    ) -> None:
        models = tuple(_flatten(targets))
        if not models:
            raise ConfigError("a chain needs at least one target")
        self._plan = Plan(
            models=models,
            health=health,
            policy=policy,
            clock=clock,
            observer=observer,
            classifier=classifier,
            random=random,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {','.join(str(m.target) for m in self.models)}>"

    @property
    def models(self) -> tuple[Model, ...]:
        """The models, in order; no chain is among them."""
        return self._plan.models

    @property
    def policy(self) -> ChainPolicy:
        """How long it tries."""
        return self._plan.policy

    @property
    def target(self) -> Target:
        """The first target; a response names the one that answered."""
        return self.models[0].target

    @property
    def capabilities(self) -> Capabilities:
        """What the first target can take."""
        return self.models[0].capabilities

    def wrapped(self, wrap: Callable[[Model], Model]) -> Chain:
        """The same chain, its health included, with each of its models wrapped.

        What wraps is thus passed by every attempt, and knows its target.

        Args:
            wrap: Called once per model; what it returns keeps the model's target.
        """
        return Chain(
            [wrap(model) for model in self.models],
            health=self._plan.health,
            policy=self._plan.policy,
            clock=self._plan.clock,
            observer=self._plan.observer,
            classifier=self._plan.classifier,
            random=self._plan.random,
        )

    async def complete(self, request: Request) -> Response:
        """Ask the targets until one has answered whole.

        Raises:
            ChainExhausted: None did.
            ChainDeadline: The chain's deadline came first.
            APIError: A target refused the request in a way that ends it; see the table.
        """
        walk = Walk(self._plan, request)
        with self._plan.clock.deadline(self._plan.policy.deadline_s):
            return await self._ask(walk)
        raise walk.out_of_time()

    def stream(self, request: Request) -> StreamBlock:
        """Ask the targets until one begins to answer, and read that answer as it comes.

        Raises:
            ChainExhausted: None did; raised on entering the block, as the following are.
            ChainDeadline: The chain's deadline came first.
            APIError: A target refused the request in a way that ends it; see the table.
            StreamInterrupted: The answer broke off; raised by the stream. So is the deadline then,
                with what was received.
        """
        return StreamBlock(self._plan, request)

    async def _ask(self, walk: Walk) -> Response:
        while True:
            tried = await walk.next()
            try:
                response = await self._attempt(walk, tried)
            except Exception as error:
                if not walk.goes_on(tried, error):
                    raise
            else:
                walk.succeeded(tried)
                return response
            finally:
                walk.abandon(tried)

    async def _attempt(self, walk: Walk, tried: Try) -> Response:
        share_s = walk.share_s()
        if share_s is None:
            return await tried.model.complete(tried.request)
        with self._plan.clock.deadline(share_s):
            return await tried.model.complete(tried.request)
        raise walk.overdue(tried, share_s)


def _flatten(targets: Sequence[Model]) -> Iterator[Model]:
    for model in targets:
        if isinstance(model, Chain):
            yield from model.models
        else:
            yield model
