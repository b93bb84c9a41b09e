"""The public surface is small, complete, and changes only on purpose."""

import importlib

import public_api
import pytest

MODULES = list(public_api.public_modules())


def test_the_public_names_are_those_written_down():
    assert public_api.render() == public_api.SNAPSHOT.read_text(), "run: make generate"


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_every_module_says_what_it_exports_and_has_it(module):
    assert module.__doc__, "a module's first line says its one concept"
    for name in module.__all__:
        assert hasattr(module, name), name


@pytest.mark.parametrize(("root", "most"), [("majordomo", 40), ("executus", 25)])
def test_roots_stay_small_and_no_export_hides_a_submodule(root, most):
    module = importlib.import_module(root)
    assert len(module.__all__) <= most
    submodules = {m.__name__.split(".")[1] for m in MODULES if m.__name__.startswith(f"{root}.")}
    assert not submodules & set(module.__all__)
