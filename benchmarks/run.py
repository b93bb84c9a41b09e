"""Compare majordomo and executus with hand-written clients, side by side and as ratios.

    python benchmarks/run.py                            w1 to w5, w7 and w9
    python benchmarks/run.py w2 w7 --rounds 5 --json benchmarks/results/mine.json
    python benchmarks/run.py --peers                    other libraries too (a large install)
    python benchmarks/run.py setup                      only make the environments
    python benchmarks/run.py icount --metric complete   instructions per operation (callgrind)
    python benchmarks/run.py profile --only executus --metric run1 --counts 2000

Every round runs every contestant once, each in a fresh process of its own environment. A figure is
the median over rounds, a ratio the median of the ratios to the reference in the same round. See
README.md for what the figures mean.
"""

from __future__ import annotations

import argparse
import pstats
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from environments import CONTESTANTS, SERVER, disk, setup, versions
from processes import MockServer, Outcome, run_child
from tables import save, show, summarize

WORKLOADS = {
    "w1": "import, construction and first call",
    "w2": "one non-streaming completion",
    "w3": "agent loop, per model call (turns + 1 calls per run)",
    "w4": "streaming, per delta",
    "w5": "1000 agent runs of 3 model calls, 200 at a time, 50 ms latency",
    "w6": "failover",
    "w7": "in process, no HTTP",
    "w8": "typed tool: build and validated call",
    "w9": "one completion over a history of 2000 messages, 1 MB",
}
DEFAULT = ("w1", "w2", "w3", "w4", "w5", "w7", "w9")
OURS = (
    *("raw_httpx", "raw_httpx2", "raw_aiohttp"),
    *("majordomo", "majordomo_fast", "executus", "executus_fast"),
)
METRICS = (
    *("complete", "stream", "agent10", "agent100"),
    *("run1", "run10", "threaded10", "concurrent", "large"),
)


def main() -> int:
    options = parse()
    names = contestants(options)
    usable = [name for name in names if setup(name)]
    setup(SERVER)  # without uvloop the server is slower, not wrong
    failed = len(usable) < len(names)
    if options.reference not in usable:
        raise SystemExit(f"the reference {options.reference} could not be set up")
    match options.what:
        case ["setup"]:
            pass
        case ["icount"]:
            count_instructions(usable, options)
        case ["profile"]:
            for name in options.only or ("majordomo", "executus"):
                profile(name, options)
        case workloads:
            for workload in workloads or DEFAULT:
                failed |= not measure(workload, usable, options)
    return int(failed)


def parse() -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("what", nargs="*", metavar="WHAT", help="workloads, or setup, icount or profile alone")
    add("--rounds", type=int, default=3)
    add("--scale", type=float, default=1.0, help="multiplies the number of operations")
    add("--peers", action="store_true", help="other libraries too")
    add("--only", type=comma_separated, default=[], help="these contestants and the reference")
    add("--ref", dest="reference", default="raw_httpx", help="what ratios are taken to")
    add("--json", type=Path, help="merge the results into this file")
    add("--no-pin", dest="pin", action="store_false", help="do not pin client and server to CPUs")
    add("--metric", choices=METRICS, default="complete", help="of icount and profile")
    add("--counts", type=numbers, default=[5, 25], help="operations of icount (two) and profile")
    options = parser.parse_args()
    alone = options.what in (["setup"], ["icount"], ["profile"])
    if not alone and (unknown := [what for what in options.what if what not in WORKLOADS]):
        parser.error(f"unknown workload {unknown[0]!r}; there are {', '.join(WORKLOADS)}")
    return options


def comma_separated(text: str) -> list[str]:
    return text.split(",")


def numbers(text: str) -> list[int]:
    return [int(item) for item in text.split(",")]


def contestants(options: argparse.Namespace) -> list[str]:
    """Who takes part: the reference first, then in the order of the table."""
    known = sorted(path.stem for path in CONTESTANTS.glob("[!_]*.py"))
    peers = [name for name in known if name not in OURS]
    if unknown := [n for n in (*options.only, options.reference) if n not in known]:
        raise SystemExit(f"unknown contestant {unknown[0]!r}; there are {', '.join(known)}")
    wanted = options.only or (*OURS, *(peers if options.peers else ()))
    ordered = [name for name in (*OURS, *peers) if name in wanted and name != options.reference]
    return [options.reference, *ordered]


def measure(workload: str, names: Sequence[str], options: argparse.Namespace) -> bool:
    """Run a workload in interleaved rounds and show its table.

    Returns:
        Whether every contestant came through every round.
    """
    outcomes: dict[str, list[Outcome]] = {name: [] for name in names}
    with MockServer(pin=options.pin) as server:
        for _ in range(options.rounds):
            for name in names:
                outcomes[name].append(one_round(workload, name, server, options))
    table = summarize(outcomes, options.reference)
    show(f"{workload}  {WORKLOADS[workload]}; in brackets: ratio to {options.reference}", table)
    if options.json:
        save(options.json, workload, table, {name: versions(name) for name in names})
    return not any(outcome.error for rounds in outcomes.values() for outcome in rounds)


def one_round(workload: str, name: str, server: MockServer, options: argparse.Namespace) -> Outcome:
    server.get("/reset")
    outcome = run_child(name, workload, server, [options.scale], pin=options.pin)
    if outcome.error:
        print(f"{workload} {name}: {outcome.error}", file=sys.stderr, flush=True)
    elif workload == "w1":
        outcome.figures.update(disk(name))
    else:
        outcome.figures["server.requests"] = sum(server.get("/stats")["requests"].values())
    return outcome


def count_instructions(names: Sequence[str], options: argparse.Namespace) -> None:
    """Instructions per operation: the difference of two counts, so that start-up cancels out."""
    if shutil.which("valgrind") is None:
        raise SystemExit("icount needs valgrind")
    callgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    few, many = options.counts
    with MockServer(pin=False) as server:
        reference = 0.0
        for name in names:
            counted: list[float] = []
            for count in (few, many):
                arguments = [options.metric, count]
                outcome = run_child(name, "fixed", server, arguments, prefix=callgrind)
                found = re.search(r"Collected : (\d+)", outcome.stderr)
                counted.append(int(found[1]) if found and not outcome.error else float("nan"))
            each = (counted[1] - counted[0]) / (many - few)
            reference = reference or each
            print(
                f"{options.metric}  {name:12} {each / 1e6:8.3f} M instructions  "
                f"{each / reference:.2f}x",
                flush=True,
            )


def profile(name: str, options: argparse.Namespace) -> None:
    """cProfile of the operation alone: our functions by cumulative time, all by own time."""
    count = options.counts[-1]
    with MockServer(pin=False) as server, tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "profile")
        outcome = run_child(name, "fixed", server, [options.metric, count, file])
        if outcome.error:
            raise SystemExit(f"{name}: {outcome.error}")
        print(f"{name} {options.metric}, {count} times")
        stats = pstats.Stats(str(file))
        stats.sort_stats("cumulative").print_stats("site-packages/(majordomo|executus)/", 30)
        stats.sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    sys.exit(main())
