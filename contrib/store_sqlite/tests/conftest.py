"""The store knows asyncio alone; no test leaves a thread behind."""

import threading

import pytest
from executus_store_sqlite import open_store


@pytest.fixture
def anyio_backend():
    return "asyncio"


def driver_threads():
    """Those that do not end by themselves within a moment."""
    found = [t for t in threading.enumerate() if "connection_worker" in t.name]
    for thread in found:
        thread.join(0.5)
    return [thread for thread in found if thread.is_alive()]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert driver_threads() == []


@pytest.fixture
def open_threads():
    return driver_threads


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
async def store(url):
    async with open_store(url) as opened:
        yield opened
