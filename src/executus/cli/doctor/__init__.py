"""`executus doctor`: mistakes in the set-up, each with what mends it."""

from executus.cli.doctor.command import doctor

__all__ = ["doctor"]
