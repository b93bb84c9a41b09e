"""Skills: instructions and tools that belong together, and two that most agents can use."""

from majordomo.skill.calc import calc_skill
from majordomo.skill.clock import clock_skill
from majordomo.skill.skill import Skill

__all__ = ["Skill", "calc_skill", "clock_skill"]
