"""`make demo-gateway` tells its story to the end."""

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[1] / "demo" / "gateway_demo.py"


@pytest.mark.slow
def test_the_demo_tells_its_story():
    told = subprocess.run([sys.executable, DEMO], capture_output=True, text=True, check=True)
    in_order = [
        "sees only: execute, resume",
        "Paused: a person is asked",
        "orders placed so far: 0",
        "inbox answer first --accept",
        '-> {"ok":true,"data":{"order":1,"item":"tea","count":2}}',
        "orders placed: 1",
        "shop.orders.place_order\tsucceeded",
        "== done",
    ]
    places = [told.stdout.find(line) for line in in_order]
    assert -1 not in places, told.stdout + told.stderr
    assert places == sorted(places)
    assert "Traceback" not in told.stderr
