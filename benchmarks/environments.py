"""One virtual environment per contestant, made and renewed with pip by package name."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
CONTESTANTS = HERE / "contestants"
SERVER = "mock_server"
PIP = "pip"
"""The environment that installs into the others, where pip would count as the contestant's."""
VENVS = Path(os.environ.get("BENCH_VENVS") or Path(tempfile.gettempdir()) / "executus-bench-venvs")


def requires(name: str) -> list[str]:
    """What a contestant's environment holds; read from its source, which cannot be imported here.

    The entry CHECKOUT stands for this repository.
    """
    if name == SERVER:
        return ["uvloop"]
    for node in ast.parse((CONTESTANTS / f"{name}.py").read_text()).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="REQUIRES")], value=value):
                return ast.literal_eval(value)
            case _:
                continue
    raise SystemExit(f"contestants/{name}.py defines no REQUIRES")


def python(name: str) -> Path:
    """The interpreter of a contestant."""
    return VENVS / name / "bin" / "python"


def setup(name: str) -> bool:
    """Make or renew the environment when it is missing or what it holds has changed.

    Returns:
        Whether it can be used.
    """
    stamp, wanted = VENVS / name / "stamp", fingerprint(name)
    if python(name).exists() and stamp.exists() and stamp.read_text() == wanted:
        return True
    print(f"setting up {name} …", file=sys.stderr, flush=True)
    packages = [str(CHECKOUT) if item == "CHECKOUT" else item for item in requires(name)]
    if not python(PIP).exists():
        make_venv(PIP)
    if not python(name).exists():
        make_venv(name, "--without-pip")
    pip = [python(PIP), "-m", "pip", "--python", python(name), "--disable-pip-version-check"]
    if subprocess.run([*pip, "install", "--quiet", *packages], check=False).returncode:
        print(f"{name}: pip failed", file=sys.stderr, flush=True)
        return False
    stamp.write_text(wanted)
    return True


def make_venv(name: str, *options: str) -> None:
    make = [sys.executable, "-m", "venv", "--clear", *options, VENVS / name]
    subprocess.run(make, check=True)


def fingerprint(name: str) -> str:
    """Changes with the requirements, the interpreter and, where it is installed, the checkout."""
    digest = hashlib.sha256(repr((requires(name), sys.version)).encode())
    if "CHECKOUT" in requires(name):
        for file in sorted((CHECKOUT / "src").rglob("*.py")):
            digest.update(file.read_bytes())
        digest.update((CHECKOUT / "pyproject.toml").read_bytes())
    return digest.hexdigest()


def site_packages(name: str) -> Path:
    return next((VENVS / name / "lib").glob("python*")) / "site-packages"


def installed(name: str) -> dict[str, str]:
    """Distributions and their versions."""
    found: dict[str, str] = {}
    for info in site_packages(name).glob("*.dist-info"):
        distribution, _, version = info.name.removesuffix(".dist-info").rpartition("-")
        found[distribution.lower().replace("_", "-")] = version
    return found


def versions(name: str) -> dict[str, str]:
    """Versions of what is measured, and of what it stands on."""
    asked = [re.split(r"[\[<>=!~ @]", item)[0].lower() for item in requires(name)]
    wanted = {*asked, "executus", "httpx", "httpx2", "openai", "pydantic"}
    return {key: value for key, value in sorted(installed(name).items()) if key in wanted}


def disk(name: str) -> dict[str, float]:
    """How much a contestant installs."""
    files = (f for f in site_packages(name).rglob("*") if f.is_file())
    size = sum(f.stat().st_size for f in files if "__pycache__" not in f.parts)
    return {"distributions": len(installed(name)), "site_mb": size / 2**20}
