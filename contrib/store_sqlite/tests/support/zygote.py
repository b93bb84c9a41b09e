"""Forks victims, so that each costs no new interpreter, and kills those that are to be killed.

Reads one JSON object a line, of `Victim` and `after_s`: seconds until the process is killed from
outside, or null. Answers with how each ended: an exit status, or the negative number of a signal.
"""

import gc
import json
import os
import select
import signal
import sys
import traceback

import anyio
from victim import Victim


def live(orders):
    try:
        anyio.run(Victim(orders).live)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def serve(line):
    orders = json.loads(line)
    here, there = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(here)
        live(orders)
    os.close(there)
    if orders["after_s"] is not None:
        select.select([here], [], [], orders["after_s"])  # readable when the child has ended
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(here)
    print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    gc.freeze()  # else each fork would copy what the collector walks
    for each in sys.stdin:
        serve(each)
