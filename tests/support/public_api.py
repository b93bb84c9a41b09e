"""Lists every public name; `make generate` writes the list, a test holds it against the code."""

import importlib
import pkgutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SNAPSHOT = ROOT / "docs" / "public-api.txt"


def public_modules():
    """The packages and modules a host may import: those whose path has no private part."""
    for name in ("majordomo", "executus"):
        package = importlib.import_module(name)
        yield package
        for info in pkgutil.walk_packages(package.__path__, prefix=f"{name}."):
            if not any(part.startswith("_") for part in info.name.split(".")):
                yield importlib.import_module(info.name)


def render():
    """One line per package with its exported names; modules inside packages are their own."""
    lines = [
        f"{module.__name__}: {' '.join(sorted(module.__all__))}"
        for module in public_modules()
        if hasattr(module, "__path__")
    ]
    return "\n".join(sorted(lines)) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(render())
    sys.stdout.write(f"wrote {SNAPSHOT.relative_to(ROOT)}\n")
