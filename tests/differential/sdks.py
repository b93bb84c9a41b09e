"""The vendors' own packages these tests need; they are no dependency of anything else here."""

import importlib.util

import pytest

COMMAND = "make test-differential"
MODULES = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google-genai": "google.genai",
    "ollama": "ollama",
}


def _is_missing(module):
    try:
        return importlib.util.find_spec(module) is None
    except ModuleNotFoundError:  # of a parent, such as `google`
        return True


MISSING = tuple(package for package, module in MODULES.items() if _is_missing(module))
REASON = f"the SDKs {', '.join(MISSING)} are not installed; run: {COMMAND}" if MISSING else ""


def need_sdks():
    """Skip the calling test module, once and with the cure, where an SDK is missing."""
    if MISSING:
        pytest.skip(REASON, allow_module_level=True)
