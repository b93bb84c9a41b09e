"""Who is an administrator, and whom a reference means."""

import pytest

from executus.errors import SetupError
from executus.identity import ANONYMOUS, NOBODY, THEMSELVES, AdminRole, Caller, Directory

ADMIN = Caller(id="1", name="Ann", roles=frozenset({"admin", "dev"}))
KNOWN = Directory(
    [
        ADMIN,
        Caller(id="17", name="Bob  Stone"),
        Caller(id="18", name="Eve"),
        Caller(id="19", name="EVE"),
        Caller(id="eve", name="Mallory"),
        Caller(id="20", name="17"),
        Caller(id="21"),
        Caller(id="@odd", name="odd"),
        Caller(id="odd", name="even"),
    ]
)


def test_a_callers_roles_may_be_any_collection_of_names():
    assert Caller(id="1", roles=["dev", "dev"]).roles == frozenset({"dev"})
    assert hash(Caller(id="1", roles={"dev"})) == hash(Caller(id="1", roles=frozenset({"dev"})))


@pytest.mark.parametrize("wrong", [{"id": 5}, {"id": "1", "roles": "dev"}, {"id": "1", "roles": 5}])
def test_a_caller_of_the_wrong_kind_is_refused(wrong):
    with pytest.raises(SetupError, match=r"a caller's (id|roles)"):
        Caller(**wrong)


async def test_nobody_is_an_administrator_by_default():
    assert not await NOBODY.is_admin(ADMIN)
    assert not await NOBODY.is_admin(ANONYMOUS)


async def test_an_administrator_is_who_has_the_role():
    assert await AdminRole().is_admin(ADMIN)
    assert await AdminRole("dev").is_admin(ADMIN)
    assert not await AdminRole("Admin").is_admin(ADMIN)
    assert not await AdminRole().is_admin(ANONYMOUS)


async def test_everybody_is_themselves_by_default_and_has_no_role():
    assert await THEMSELVES.resolve(" ann ") == Caller(id="ann")
    assert await THEMSELVES.resolve("anonymous") == ANONYMOUS
    assert await THEMSELVES.resolve(" \n") is None


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("17", "17"),  # an id comes before another's name
        ("bob stone", "17"),
        ("@Bob Stone", "17"),
        ("BOB\tSTONE ", "17"),
        ("\uff22ob Stone", "17"),  # a full-width letter
        ("<@18>", "18"),
        ("<@!18>", "18"),
        ("@1", "1"),
        ("@odd", "@odd"),  # as it is written comes before what the mention means
        ("eve", "eve"),  # by id, although two others are called so
        ("Eve", None),  # by name it is two
        ("@EVE", None),
        ("", None),
        ("@", None),
        ("<@>", None),
        ("nobody", None),
    ],
)
async def test_a_directory_finds_one_caller_or_none(reference, found):
    caller = await KNOWN.resolve(reference)
    assert (caller and caller.id) == found


async def test_a_name_stays_ambiguous_however_many_have_it():
    three = Directory([Caller(id=str(n), name="Sam") for n in range(3)])
    assert await three.resolve("sam") is None


def test_two_callers_cannot_have_one_id():
    with pytest.raises(SetupError, match="two callers have the id 'a'; ids must be unique"):
        Directory([Caller(id="a"), Caller(id="a", name="other")])


async def test_a_hosts_own_policy_and_resolver_take_the_defaults_place():
    class Weekdays:
        async def is_admin(self, caller):
            return caller.id == "monday"

    class Nicknames:
        async def resolve(self, reference):
            return Caller(id="monday") if reference == "mo" else None

    async def may(reference, *, policy=NOBODY, members=THEMSELVES):
        caller = await members.resolve(reference)
        return caller is not None and await policy.is_admin(caller)

    assert not await may("mo")
    assert await may("mo", policy=Weekdays(), members=Nicknames())
    assert not await may("tu", policy=Weekdays(), members=Nicknames())
