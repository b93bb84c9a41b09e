"""npm's package `executor` on the same documents, as far as its command line lets it be timed."""

import json
import os
import re
import subprocess
import tempfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

TIMEOUT_S = 120
_PAUSED = re.compile(r"--execution-id (\S+) --base-url (\S+)")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class OtherExecutor:
    """Its command line, with a home and a daemon of its own while the block lasts."""

    def __init__(self, command):
        self.command = command
        self.home = tempfile.TemporaryDirectory()

    def __enter__(self):
        self("tools", "sources")  # starts its daemon
        return self

    def __exit__(self, *exc):
        self("daemon", "stop")
        self.home.cleanup()

    def __call__(self, *arguments):
        """Seconds a command takes, and what it prints."""
        begun = time.perf_counter()
        ended = subprocess.run(
            [self.command, *arguments],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, "HOME": self.home.name},
        )
        return time.perf_counter() - begun, ended.stdout

    def add(self, slug, url):
        """Seconds to add a document; its question is answered before the clock runs."""
        spec = {"slug": slug, "baseUrl": f"https://{slug}.invalid"}
        spec["spec"] = {"kind": "url", "url": url}
        _, told = self("call", "executor", "openapi", "addSpec", json.dumps(spec))
        execution, base = _PAUSED.search(told).groups()
        answer = ("--action", "accept", "--content", "{}")
        return self("resume", "--execution-id", execution, "--base-url", base, *answer)


def compared(command, documents, root):
    """Print the times beside which ours stand."""
    handler = partial(Quiet, directory=str(root))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("\nnpm executor, through its command line; starting that is in each time\n")
    try:
        with OtherExecutor(command) as other:
            print(f"{'tools sources (no work)':<40}{other('tools', 'sources')[0]:>8.2f} s")
            for number, document in enumerate(documents):
                url = f"http://127.0.0.1:{server.server_port}/{document.relative_to(root)}"
                taken, told = other.add(f"service{number}", url)
                tools = json.loads(told)["data"]["toolCount"]
                print(f"{f'add {document.name}, {tools} tools':<40}{taken:>8.2f} s")
            taken, _ = other("tools", "search", "create a customer")
            print(f"{'tools search':<40}{taken:>8.2f} s")
    finally:
        server.shutdown()
        server.server_close()
