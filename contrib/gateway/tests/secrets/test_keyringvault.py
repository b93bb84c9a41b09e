"""Secrets in a system's keyring, through a backend of the library's own kind."""

import pytest
from executus_gateway.assembly import open_local
from executus_gateway.errors import VaultFailed
from executus_gateway.schema import AuthScheme, CredentialId

from executus.egress import Egress

keyring = pytest.importorskip("keyring", reason="the extra `keyring` is not installed")

from executus_gateway.secrets.keyringvault import KeyringVault  # noqa: E402
from keyring.backend import KeyringBackend  # noqa: E402
from keyring.backends import fail, null  # noqa: E402
from keyring.errors import KeyringLocked, PasswordDeleteError  # noqa: E402

ONE, TWO = CredentialId("crd_1"), CredentialId("crd_2")
CANARY = "kanarienvogel-77aa"


class Drawer(KeyringBackend):
    """A keyring in memory, which may be locked."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.entries = {}
        self.locked = False

    def _open(self):
        if self.locked:
            raise KeyringLocked(f"locked; asked with {CANARY}")

    def get_password(self, service, username):
        self._open()
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self._open()
        self.entries[service, username] = password

    def delete_password(self, service, username):
        self._open()
        if (service, username) not in self.entries:
            raise PasswordDeleteError("not found")
        del self.entries[service, username]


async def test_values_are_kept_replaced_and_forgotten_in_their_service():
    drawer = Drawer()
    vault = KeyringVault(service="ours", backend=drawer)
    assert await vault.get(ONE) is None
    await vault.put(ONE, "first")
    await vault.put(ONE, CANARY)
    await vault.put(TWO, "other")
    assert await vault.get(ONE) == CANARY
    assert drawer.entries == {("ours", "crd_1"): CANARY, ("ours", "crd_2"): "other"}
    await vault.drop(ONE)
    await vault.drop(ONE)
    assert drawer.entries == {("ours", "crd_2"): "other"}
    assert CANARY not in repr(vault)


async def test_a_locked_keyring_is_told_without_what_it_said():
    drawer = Drawer()
    vault = KeyringVault(backend=drawer)
    drawer.locked = True
    for work in (vault.get(ONE), vault.put(ONE, CANARY), vault.drop(ONE)):
        with pytest.raises(VaultFailed, match=r"KeyringLocked.: unlock it") as caught:
            await work
        assert CANARY not in str(caught.value)
        assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize("backend", [fail.Keyring(), null.Keyring()])
def test_a_keyring_that_keeps_nothing_is_refused(backend):
    with pytest.raises(VaultFailed, match="no keyring"):
        KeyringVault(backend=backend)


def test_the_systems_own_is_the_default(monkeypatch):
    monkeypatch.setattr(keyring, "get_keyring", Drawer)
    assert isinstance(KeyringVault(), KeyringVault)


async def test_a_gateway_keeps_its_secrets_there_and_no_file_has_them(home, pets):
    pets.secured = True
    drawer = Drawer()
    async with open_local(
        home, vault=KeyringVault(backend=drawer), guard=Egress(allow_hosts=["127.0.0.1"])
    ) as gateway:
        await gateway.execute(pets.add())
        await gateway.connect(
            "pets", AuthScheme(name="key", placement="header", key="X-Key"), CANARY
        )
        await gateway.execute("return tools.pets.pets.list_pets()")
    assert pets.calls[-1].headers["x-key"] == CANARY
    assert CANARY in drawer.entries.values()
    assert not (home / "vault").exists()
    assert all(CANARY.encode() not in f.read_bytes() for f in home.rglob("*") if f.is_file())
