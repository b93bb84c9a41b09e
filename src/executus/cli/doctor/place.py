"""The place the command runs in: the interpreter, the terminal's encoding, certificates."""

from __future__ import annotations

import codecs
import locale
import sys
from collections.abc import Iterator
from pathlib import Path

from executus.cli.doctor.finding import Finding, Patient

__all__ = ["OLDEST_PYTHON", "examine_place"]

OLDEST_PYTHON = (3, 11)


def examine_place(
    patient: Patient, *, python: tuple[int, ...] = sys.version_info[:2]
) -> Iterator[Finding]:
    """Look at what surrounds the process."""
    if python < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        says = f"Python {'.'.join(map(str, python))} is older than {wanted}"
        yield Finding(about="python", says=says, fix=f"install Python {wanted} or newer")
    encoding = _encoding(patient)
    if codecs.lookup(encoding).name not in ("utf-8", "ascii"):  # ASCII is taken for UTF-8
        yield Finding(
            about="encoding",
            says=f"output is {encoding}: other characters are written as escapes",
            fix="set PYTHONIOENCODING=utf-8, or a locale such as LC_ALL=C.UTF-8",
        )
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if (value := patient.get(name)) and not Path(value).exists():
            yield Finding(
                about=name,
                says=f"{value} does not exist, so no certificate can be checked",
                fix=f"name a file that is there, or unset {name}",
            )


def _encoding(patient: Patient) -> str:
    said = patient.get("PYTHONIOENCODING").partition(":")[0]
    try:
        return codecs.lookup(said or locale.getpreferredencoding(do_setlocale=False)).name
    except LookupError:
        return "utf-8"
