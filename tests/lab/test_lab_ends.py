"""How an attempt ends from the caller's side: cancelled, out of time, out of files."""


import pytest
from wires import WIRES

every_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
