"""One server for the session; where llama.cpp is not installed, one skip that says what to do."""

import importlib.util

import pytest
from server import serving

COMMAND = "make test-llama"
INSTALLED = importlib.util.find_spec("llama_cpp") is not None
FORMATS = {"plain": None, "functions": "chatml-function-calling"}


def pytest_terminal_summary(terminalreporter):
    if not INSTALLED:
        terminalreporter.write_line(
            f"SKIPPED tests/llama: llama.cpp's server is not installed; run `{COMMAND}`",
            yellow=True,
        )


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    from build_model import build  # its packages are installed by `make test-llama` alone

    return build(tmp_path_factory.mktemp("llama") / "tiny.gguf")


@pytest.fixture(scope="session")
def server(model_file):
    """Answers one request after the other."""
    with serving(model_file, FORMATS, interrupt=False) as running:
        yield running


@pytest.fixture(scope="session")
def hasty_server(model_file):
    """Ends a stream when another request comes: the server's own default."""
    with serving(model_file, FORMATS, interrupt=True) as running:
        yield running
