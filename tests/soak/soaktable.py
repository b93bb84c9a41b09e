"""`make soak`: runs every part of the soak, and puts what came of them into one table.

    soaktable.py [PART …]

Each part prints lines `soak: {"part": …, "cases": …, "survived": …, "leaked": …, "lost": …}`,
perhaps with a "note", and ends with another code than 0 when something is wrong. So does this.
A part that prints none is tests alone: a test that fails counts as lost, whatever it found.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STORE = ROOT / "contrib" / "store_sqlite"
COLUMNS = ("cases", "survived", "leaked", "lost")
PYTEST = [sys.executable, "-m", "pytest"]
OF_STORE = [*PYTEST, "-c", f"{STORE}/pyproject.toml", "--rootdir", str(STORE), "-rP", "-m", "long"]
CRON = ROOT / "tests" / "executus" / "batteries" / "schedule"

PARTS = {
    "kills": ([sys.executable, f"{STORE}/tests/support/crash_table.py"], {}),
    "runs": ([sys.executable, f"{ROOT}/tests/soak/soakruns.py", "20000"], {}),
    "schedules": (
        [*OF_STORE, f"{STORE}/tests/test_sqlite_schedule.py"],
        {"SCHEDULE_SOAK": "200"},
    ),
    "budgets": (
        [*OF_STORE, f"{STORE}/tests/test_sqlite_processes.py"],
        {"BUDGET_SOAK": "10000"},
    ),
    "stores": ([*OF_STORE, f"{STORE}/tests"], {}),
    "lab": ([*PYTEST, f"{ROOT}/tests/lab"], {"LAB_FULL": "1"}),
    "cron": (
        [*PYTEST, f"{CRON}/test_crontime.py", f"{CRON}/test_crontime_zones.py"],
        {"CRON_SOAK": "3000", "CRON_SOAK_S": "3600", "CRON_SOAK_ZONES": "1"},
    ),
}


def run(command, variables):
    """Run a part; its code, and the figures it printed. What it says is passed on."""
    found, line = [], ""
    environ = {**os.environ, **variables}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.startswith("soak: "):
                found.append(json.loads(line.removeprefix("soak: ")))
    return process.returncode, found, line


def of_tests(part, summary):
    """The figures of a part that is tests alone, out of pytest's last line."""
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", summary)}
    survived = counts.get("passed", 0)
    lost = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
    figures = {"cases": survived + lost, "survived": survived, "leaked": 0, "lost": lost}
    return {"part": part, **figures}


def table(rows):
    """The rows, and their sum."""
    total = {name: sum(row[name] for row in rows) for name in COLUMNS}
    head = f"{'':12}" + "".join(f"{name:>12}" for name in COLUMNS)
    lines = (
        f"{row['part']:12}" + "".join(f"{row[name]:12,}" for name in COLUMNS)
        for row in (*rows, {"part": "all", **total})
    )
    return "\n".join((head, *lines))


def main():
    """Run the parts that are named, or all."""
    rows, failed = [], []
    for part in sys.argv[1:] or PARTS:
        code, found, last = run(*PARTS[part])
        rows += [row for row in found if row["part"] == part] or [of_tests(part, last)]
        if code:
            failed.append(part)
    print()
    print(table(rows))
    for row in rows:
        if "note" in row:
            print(f"{row['part']}: {row['note']}")
    if failed:
        print("failed:", ", ".join(failed))
    sys.exit(1 if failed or any(row["lost"] or row["leaked"] for row in rows) else 0)


if __name__ == "__main__":
    main()
