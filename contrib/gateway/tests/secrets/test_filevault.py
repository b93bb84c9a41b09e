"""The vault: unreadable without its key, refused when changed, private."""

import pytest
from executus_gateway.errors import VaultFailed
from executus_gateway.schema import CredentialId
from executus_gateway.secrets import FileVault, MemoryVault

ONE = CredentialId("crd_1")


@pytest.mark.parametrize("kind", ["file", "memory"])
async def test_values_are_kept_replaced_and_forgotten(kind, tmp_path):
    vault = FileVault(tmp_path / "v" / "vault") if kind == "file" else MemoryVault()
    assert await vault.get(ONE) is None
    await vault.put(ONE, "first-secret")
    await vault.put(ONE, "second-secret")
    assert await vault.get(ONE) == "second-secret"
    assert "secret" not in repr(vault).replace("second", "")
    await vault.drop(ONE)
    await vault.drop(ONE)
    assert await vault.get(ONE) is None


async def test_the_file_is_encrypted_private_and_read_by_the_next_process(tmp_path):
    path = tmp_path / "home" / "vault"
    await FileVault(path).put(ONE, "s3cr3t-canary")
    assert b"canary" not in path.read_bytes()
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
    assert await FileVault(path).get(ONE) == "s3cr3t-canary"


async def test_a_changed_file_or_key_is_refused_without_showing_anything(tmp_path):
    path = tmp_path / "vault"
    await FileVault(path).put(ONE, "s3cr3t-canary")
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(VaultFailed, match="does not open"):
        await FileVault(path).get(ONE)
    path.write_bytes(sealed)
    (tmp_path / "vault.key").unlink()
    with pytest.raises(VaultFailed, match="is missing"):
        await FileVault(path).get(ONE)
    with pytest.raises(VaultFailed, match="is missing"):
        await FileVault(path).put(ONE, "other")
