"""The critic: a soft deadline after which a run is judged, a hard one at which it is stopped."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from executus.batteries.critic.escalation import NO_ESCALATION, Escalation, Escalator
from executus.batteries.critic.rules import DEFAULT_RULES
from executus.batteries.critic.verdict import Action, Finding, Judge, Rule, Verdict
from executus.batteries.critic.view import RunView
from executus.batteries.critic.watchtower import Watchtower
from executus.errors import SetupError
from executus.run import RunWatch

__all__ = ["CriticPolicy", "RunCritic"]

logger = logging.getLogger("executus.batteries.critic")

_SOFT_SHARE, _HARD_SHARE = 0.5, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticPolicy:
    """When a critic looks, and how much it may allow.

    Attributes:
        soft_s: Seconds until the first judgement; None for half of the run's `max_runtime_s`.
        hard_s: Seconds after which the run is stopped; None for 95 % of `max_runtime_s`, so that
            the critic's reason comes first.
        look_every_s: Seconds between two looks by the rules.
        again_s: Seconds between two judgements.
        steps_left: A run with no more than so many steps left is judged before its soft deadline.
        max_judgements: Most judgements of one run; after the last, only rules and deadlines count.
        max_extra_steps: Most steps allowed to one run beyond its `max_steps`.
        judge_timeout_s: Seconds for one judgement.

    Raises:
        SetupError: A figure is out of its range.
    """

    soft_s: float | None = None
    hard_s: float | None = None
    look_every_s: float = 5.0
    again_s: float = 60.0
    steps_left: int = 1
    max_judgements: int = 5
    max_extra_steps: int = 20
    judge_timeout_s: float = 45.0

    def __post_init__(self) -> None:
        for name in ("look_every_s", "again_s", "judge_timeout_s"):
            if not getattr(self, name) > 0:
                raise SetupError(f"{name} must be above 0, not {getattr(self, name)}")
        if self.soft_s is not None and self.hard_s is not None and self.hard_s < self.soft_s:
            raise SetupError(f"hard_s ({self.hard_s:g}) must not be before soft_s")


class RunCritic:
    """A `run.Critic` that watches each run by rules, and from its soft deadline on by a judge.

    Args:
        judge: Thinks about a run, such as `MetaJudge`; None for rules and deadlines alone.
        escalator: Tells a person.
        rules: Looked at in order; the first that finds something counts.
        policy: When it looks, and how much it may allow.

    Example:
        >>> from executus import Executor, Ports
        >>> executor = Executor(ports=Ports(critic=RunCritic()))
    """

    def __init__(
        self,
        *,
        judge: Judge | None = None,
        escalator: Escalator = NO_ESCALATION,
        rules: Sequence[Rule] = DEFAULT_RULES,
        policy: CriticPolicy | None = None,
    ) -> None:
        self._judge = judge
        self._escalator = escalator
        self._rules = tuple(rules)
        self._policy = policy or CriticPolicy()

    async def watch(self, watch: RunWatch) -> None:
        """Watch one run until it is stopped, or its loop ends."""
        await _Watch(watch, self._policy, self._rules, self._judge, self._escalator).run()


class _Watch:
    """The state of watching one run."""

    def __init__(
        self,
        watch: RunWatch,
        policy: CriticPolicy,
        rules: Sequence[Rule],
        judge: Judge | None,
        escalator: Escalator,
    ) -> None:
        runtime_s = watch.info.limits.max_runtime_s
        self._watch, self._policy, self._rules = watch, policy, rules
        self._judge, self._escalator = judge, escalator
        self._tower = Watchtower(watch)
        self._hard_s = _or_share(policy.hard_s, _HARD_SHARE * runtime_s)
        self._judge_from_s = min(_or_share(policy.soft_s, _SOFT_SHARE * runtime_s), self._hard_s)
        self._judgements = 0
        self._extra_steps = 0
        self._judged_steps = -1
        self._told_late = False
        self._standing: dict[int, Action | None] = {}  # by rule, what was done about it last

    async def run(self) -> None:
        while not self._watch.stopped:
            await self._watch.clock.sleep(self._pause_s())
            await self._look(self._tower.view())

    def _pause_s(self) -> float:
        elapsed = self._watch.tally.elapsed_s
        ends = [end - elapsed for end in (self._judge_from_s, self._hard_s) if end > elapsed]
        return min([self._policy.look_every_s, *ends])

    async def _look(self, view: RunView) -> None:
        if view.elapsed_s >= self._hard_s:
            reason = f"it was not done after {self._hard_s:g} s, the critic's hard deadline"
            await self._act(view, Verdict(action=Action.STOP, reason=reason, escalate=True))
            return
        finding = self._find(view)
        if finding is not None and finding.verdict is not None:
            await self._act(view, finding.verdict)
        elif finding is not None:
            await self._escalate(view, finding.reason)
            await self._ask(view)
        elif view.elapsed_s >= self._judge_from_s or self._short_of_steps(view):
            await self._ask(view)

    def _find(self, view: RunView) -> Finding | None:
        """The first finding that has not been acted on."""
        for number, rule in enumerate(self._rules):
            finding = _found(rule, view)
            if finding is None:
                self._standing.pop(number, None)
                continue
            action = finding.verdict.action if finding.verdict else None
            if number not in self._standing or self._standing[number] != action:
                self._standing[number] = action
                return finding
        return None

    def _short_of_steps(self, view: RunView) -> bool:
        allowed = view.info.limits.max_steps + self._extra_steps
        room = self._extra_steps < self._policy.max_extra_steps
        new = view.steps > max(self._judged_steps, 0)
        return room and new and allowed - view.steps <= self._policy.steps_left

    async def _ask(self, view: RunView) -> None:
        """One judgement, if there is a judge and any is left; else a person is told, once."""
        late = view.elapsed_s >= self._judge_from_s
        self._judge_from_s = max(view.elapsed_s, self._judge_from_s) + self._policy.again_s
        self._judged_steps = view.steps
        if self._judge is None or self._judgements >= self._policy.max_judgements:
            if late and not self._told_late:
                self._told_late = True
                await self._escalate(view, "it takes long, and no judgement is left to the critic")
            return
        self._judgements += 1
        verdict = await self._judged(self._judge, view)
        if verdict is not None:
            await self._act(view, verdict)

    async def _judged(self, judge: Judge, view: RunView) -> Verdict | None:
        # The hard deadline waits for no judge.
        left_s = max(0.0, self._hard_s - self._watch.tally.elapsed_s)
        try:
            with self._watch.clock.deadline(min(self._policy.judge_timeout_s, left_s)):
                return await judge(view)
        except Exception as error:  # noqa: BLE001 - the run goes on to its hard deadline
            logger.warning("judging run %s failed: %s", view.info.run_id, type(error).__name__)
        return None

    async def _act(self, view: RunView, verdict: Verdict) -> None:
        if verdict.escalate:
            await self._escalate(view, verdict.reason, verdict.action)
        match verdict.action:
            case Action.STOP:
                self._watch.stop(verdict.reason)
            case Action.STEER:
                self._watch.steer(verdict.message or verdict.reason)
            case Action.EXTEND:
                steps = min(verdict.steps, self._policy.max_extra_steps - self._extra_steps)
                if steps > 0:
                    self._extra_steps += steps
                    self._watch.extend(steps)

    async def _escalate(self, view: RunView, reason: str, action: Action | None = None) -> None:
        """Tell a person; a run to be stopped is stopped whatever becomes of this."""
        try:
            with self._watch.clock.deadline(view.info.limits.port_timeout_s):
                told = Escalation(view=view, reason=reason, action=action)
                await self._escalator.escalate(told)
        except Exception as error:  # noqa: BLE001 - the critic goes on
            kind = type(error).__name__
            logger.warning("the escalation of run %s failed: %s", view.info.run_id, kind)


def _found(rule: Rule, view: RunView) -> Finding | None:
    try:
        return rule(view)
    except Exception as error:  # noqa: BLE001 - the other rules and the hard deadline hold
        name, kind = getattr(rule, "__name__", type(rule).__name__), type(error).__name__
        logger.warning("the rule %s failed at run %s: %s", name, view.info.run_id, kind)
    return None


def _or_share(given: float | None, share: float) -> float:
    return share if given is None else given
