"""The gateway knows asyncio alone; its state is in a temporary folder, its network is loopback."""

from contextlib import asynccontextmanager

import anyio
import pytest
from daemons import daemon_home, end_daemon
from executus_gateway.assembly import open_local
from executus_gateway.schema import Answer
from petservice import PetService

from executus.egress import Egress
from majordomo.clock import SYSTEM_CLOCK


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
async def served(home):
    """A folder for real daemons, which are ended with the test."""
    daemon_home(home)
    yield home
    await end_daemon(home)


@pytest.fixture
def open_gateway(home):
    def opened(**options):
        return open_local(home, guard=Egress(allow_hosts=["127.0.0.1"]), **options)

    return opened


@pytest.fixture
async def gateway(open_gateway):
    async with open_gateway() as opened:
        yield opened


@pytest.fixture
async def pets():
    async with PetService() as service:
        yield service


async def question(gateway, number=0):
    """Wait for an open question; one that never comes is a failure, not a hang."""
    with anyio.fail_after(60):
        while len(gateway.inbox()) <= number:
            await SYSTEM_CLOCK.sleep(0.005)
    return gateway.inbox()[number]


@pytest.fixture
def next_question():
    return question


@pytest.fixture
def answering():
    @asynccontextmanager
    async def block(gateway, *verdicts):
        """Answer questions in order while the block runs."""

        async def answer_all():
            for verdict in verdicts:
                asked = await question(gateway)
                await gateway.answer(asked.id, Answer(verdict=verdict))

        async with anyio.create_task_group() as group:
            group.start_soon(answer_all)
            yield

    return block
