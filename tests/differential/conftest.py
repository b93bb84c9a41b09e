"""Keeps the environment out of the SDKs, and says loudly when there are none."""

import pytest
from sdks import MISSING, REASON

VENDORS = ("OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_", "OLLAMA_", "AZURE_")
PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}


@pytest.fixture(params=["asyncio"])
def anyio_backend(request):
    """The SDKs run on asyncio; that ours runs on trio too is tested elsewhere."""
    return request.param


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    """SDKs take keys, URLs, organisations and proxies from variables; a test gives its own."""
    import os

    for name in os.environ:
        if name.startswith(VENDORS) or name.upper() in PROXIES:
            monkeypatch.delenv(name)


def pytest_terminal_summary(terminalreporter):
    if MISSING:
        terminalreporter.write_line(f"SKIPPED the differential tests: {REASON}", yellow=True)
