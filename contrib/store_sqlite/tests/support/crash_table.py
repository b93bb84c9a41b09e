"""`make crash`: kills runs at every named place, over several seeds, and prints what came of it.

crash_table.py [--seeds N] [--first N] [--random N] [--only PLACE]
"""

import argparse
import json
import sys
import tempfile
from collections import Counter

from crashing import Zygote, survive
from failpoints import FAILPOINTS


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--random", type=int, default=100, help="runs killed at any moment")
    parser.add_argument("--only", default="", help="begin of a place's name")
    asked = parser.parse_args()
    places = [place for place in FAILPOINTS if place.startswith(asked.only)]
    table = {place: Counter() for place in [*places, "at random"]}
    faults = []
    with Zygote() as zygote:
        for seed in range(asked.first, asked.first + asked.seeds):
            for place in places:
                faults += add(table, zygote, seed, place)
        for seed in range(asked.first, asked.first + asked.random):
            faults += add(table, zygote, seed, "")
    show(table, places)
    for fault in faults:
        print(fault)
    print(f"soak: {json.dumps(figures(table, faults))}")
    missed = [place for place in places if not table[place]["kills"]]
    if missed:
        print("never reached:", ", ".join(missed))
    sys.exit(1 if faults or missed else 0)


def add(table, zygote, seed, place):
    with tempfile.TemporaryDirectory() as folder:
        case = survive(zygote, folder, seed, place)
    for where, times in case.kills.items():
        table.setdefault(where, Counter())["kills"] += times
    row = table[place or "at random"]
    row["resumed"] += case.ended and case.resumed
    row["lost"] += len(case.lost)
    row["repeated"] += len(case.repeated)
    row["wrong"] += len(case.wrong)
    return [f"seed {seed}, {place or 'at random'}: {fault}" for fault in case.faults]


def figures(table, faults):
    """The line that the table of `make soak` is made of."""
    cases = sum(row["kills"] for row in table.values())
    lost = sum(row["lost"] + row["repeated"] + row["wrong"] for row in table.values())
    return {
        "part": "kills",
        "cases": cases,
        "survived": cases - len(faults),
        "leaked": 0,
        "lost": lost,
    }


COLUMNS = ("kills", "resumed", "lost", "repeated", "wrong")


def show(table, places):
    total = Counter()
    print(f"{'failpoint':30}" + "".join(f"{name:>10}" for name in COLUMNS))
    for place in [*places, "at random"]:
        print(f"{place:30}" + "".join(f"{table[place][name]:10}" for name in COLUMNS))
        total += Counter({name: table[place][name] for name in COLUMNS})
    print(f"{'total':30}" + "".join(f"{total[name]:10}" for name in COLUMNS))


if __name__ == "__main__":
    main()
