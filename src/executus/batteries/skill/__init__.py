"""Saved skills: instructions and grants with a life of their own, from draft to archive."""

from executus.batteries.skill.files import load_skills, parse_skill, save_missing, write_skill
from executus.batteries.skill.savedskill import SavedSkill, SkillState
from executus.batteries.skill.store import MemorySkills, SkillConflict, SkillStore
from executus.batteries.skill.trial import try_skill

__all__ = [
    "MemorySkills",
    "SavedSkill",
    "SkillConflict",
    "SkillState",
    "SkillStore",
    "load_skills",
    "parse_skill",
    "save_missing",
    "try_skill",
    "write_skill",
]
