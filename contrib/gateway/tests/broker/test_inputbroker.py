"""Questions are answered once, expire, and keep secrets out of what is stored."""

import anyio
import pytest
from executus_gateway.broker import InputBroker
from executus_gateway.domain import Ledger
from executus_gateway.errors import Refused
from executus_gateway.local import FileStore
from executus_gateway.schema import Answer, CredentialId, Interaction
from executus_gateway.secrets import MemoryVault

from executus.testing import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
async def desk(home, clock):
    numbers = iter(range(100))
    ledger = Ledger(FileStore(home), new_id=lambda prefix: f"{prefix}_{next(numbers)}", clock=clock)
    await ledger.open()
    vault = MemoryVault()
    yield ledger, InputBroker(ledger, vault, expires_after_s=60.0), vault
    await ledger.aclose()


async def asked(ledger, broker, kind="confirm", **options):
    question = broker.question(kind, "Sure?", **options)
    await ledger.commit("interaction.pending", question)
    return question


async def test_of_many_answers_at_once_exactly_one_counts(desk):
    ledger, broker, _ = desk
    question = await asked(ledger, broker)
    seen = []

    async def say(verdict):
        seen.append((await broker.answer(question.id, Answer(verdict=verdict))).state)

    async with anyio.create_task_group() as group:
        for verdict in ("accept", "decline", "cancel") * 3:
            group.start_soon(say, verdict)
    answered = [event for event in seen if event == ledger.require(Interaction, question.id).state]
    assert len(answered) == 9
    assert ledger.sequence == 2


async def test_nobody_answering_is_a_no(desk, clock):
    ledger, broker, _ = desk
    question = await asked(ledger, broker)
    async with anyio.create_task_group() as group:
        group.start_soon(broker.wait, question.id)
        await anyio.wait_all_tasks_blocked()
        assert [found.id for found in broker.pending()] == [question.id]
        clock.advance(61)
    assert (await broker.wait(question.id)).state == "expired"
    late = await broker.answer(question.id, Answer(verdict="accept"))
    assert late.state == "expired"


async def test_a_secret_goes_to_the_vault_alone(desk, home):
    ledger, broker, vault = desk
    question = await asked(ledger, broker, "secret", credential=CredentialId("crd_1"))
    with pytest.raises(Refused, match="asks for a secret"):
        await broker.answer(question.id, Answer(verdict="accept"))
    said = Answer.model_validate({"verdict": "accept", "secret": "s3cr3t-canary"})
    answered = await broker.answer(question.id, said)
    assert await vault.get(CredentialId("crd_1")) == "s3cr3t-canary"
    assert "s3cr3t-canary" not in repr(answered) + repr(said) + said.model_dump_json()
    assert b"s3cr3t-canary" not in (home / "events.jsonl").read_bytes()


async def test_a_form_keeps_its_values_and_a_declined_one_does_not(desk):
    ledger, broker, _ = desk
    first = await asked(ledger, broker, "form", fields={"type": "object"})
    second = await asked(ledger, broker, "form", fields={"type": "object"})
    kept = await broker.answer(first.id, Answer(verdict="accept", values={"a": 1}))
    lost = await broker.answer(second.id, Answer(verdict="decline", values={"a": 1}))
    assert (kept.values, lost.values) == ({"a": 1}, None)


async def test_a_hosts_own_way_of_asking_is_used(desk):
    ledger, broker, _ = desk
    question = await asked(ledger, broker)

    class Host:
        def reaches(self, interaction):
            return True

        async def ask(self, interaction):
            return Answer(verdict="accept", channel="host")

    assert (await broker.wait(question.id, Host())).answered_by == "host"
