"""Files of catalogs, pauses and long answers: whole or not there, whoever writes beside."""

import anyio
from executus_gateway.local import FolderArtifacts


async def test_writers_of_one_key_do_not_write_into_one_another(tmp_path):
    artifacts = FolderArtifacts(tmp_path)
    texts = [bytes([65 + number]) * 200_000 for number in range(8)]
    async with anyio.create_task_group() as group:
        for text in texts:
            group.start_soon(artifacts.put, "catalog", "same", text)
    assert await artifacts.get("catalog", "same") in texts
    assert [path.name for path in (tmp_path / "catalog").iterdir()] == ["same"]
