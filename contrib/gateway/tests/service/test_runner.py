"""A run ends once, whoever ends it."""

import anyio
from executus_gateway.local import FolderArtifacts


async def test_a_run_that_is_cancelled_while_its_end_is_stored_ends_once(gateway, monkeypatch):
    put, storing, go_on = FolderArtifacts.put, anyio.Event(), anyio.Event()

    async def slow(self, kind, key, data):
        storing.set()
        await go_on.wait()
        await put(self, kind, key, data)

    monkeypatch.setattr(FolderArtifacts, "put", slow)
    with anyio.fail_after(30):
        async with gateway.watch() as events, anyio.create_task_group() as group:
            run = await gateway.start("return 'x' * 600_000")
            await storing.wait()
            group.start_soon(gateway.cancel, run.id)
            await anyio.wait_all_tasks_blocked()
            go_on.set()
            ended = await gateway.wait(run.id)
            await gateway.execute("return 1")
            kinds = []
            async for event in events:
                kinds.append(event.kind)
                if len([kind for kind in kinds if kind == "run.started"]) == 2:
                    break
    assert [kind for kind in kinds if kind in {"run.completed", "run.failed"}] == ["run.completed"]
    assert gateway.run(run.id) == ended
