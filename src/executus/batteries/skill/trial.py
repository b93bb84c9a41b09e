"""Trying a skill out with its own test prompt."""

from __future__ import annotations

from executus.batteries.skill.savedskill import SavedSkill
from executus.errors import SetupError
from executus.identity import ANONYMOUS, Caller
from executus.invocation import Invocation
from executus.run import Executor, RunResult

__all__ = ["try_skill"]


async def try_skill(
    executor: Executor, skill: SavedSkill, *, caller: Caller = ANONYMOUS
) -> RunResult:
    """Run a skill on its test prompt, whatever state it is in.

    Raises:
        SetupError: It has no test prompt.
    """
    if not skill.test_prompt.strip():
        raise SetupError(f"skill {skill.name!r} has no test prompt; set test_prompt")
    asked = Invocation(skill.test_prompt, caller=caller, metadata={"skill_test": skill.version})
    return await executor.run(skill.to_runnable(), asked)
