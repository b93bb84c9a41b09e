"""Stored definitions of agents: versions, files, notes about callers."""

from executus.batteries.persona.changes import Change, diff, rollback
from executus.batteries.persona.files import (
    load_personas,
    parse_persona,
    save_missing,
    write_persona,
)
from executus.batteries.persona.notes import MemoryNotes, NoteStore, PersonaNotes
from executus.batteries.persona.persona import Persona
from executus.batteries.persona.store import MemoryPersonas, PersonaConflict, PersonaStore

__all__ = [
    "Change",
    "MemoryNotes",
    "MemoryPersonas",
    "NoteStore",
    "Persona",
    "PersonaConflict",
    "PersonaNotes",
    "PersonaStore",
    "diff",
    "load_personas",
    "parse_persona",
    "rollback",
    "save_missing",
    "write_persona",
]
