"""`python indexing.py DOCUMENT…`: times of reading documents in a process of its own, as JSON."""

import json
import sys
import time
from pathlib import Path

from executus_gateway.domain import SearchIndex
from executus_gateway.sources.openapi import OpenapiCatalog
from executus_gateway.sources.openapi.collecting import uncollected
from executus_gateway.sources.openapi.compiling import compiled
from executus_gateway.sources.openapi.document import parsed

ROUNDS = 5


def indexed(data):
    """From the bytes of a document to a catalog that can be searched."""
    with uncollected():
        artifact = compiled(parsed(data))
    catalog = OpenapiCatalog(artifact)
    return catalog, SearchIndex(catalog.summaries)


def best(work):
    """The shortest of some runs, in seconds: the others were disturbed."""
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def resident_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main():
    told = {"before_mb": resident_mb(), "documents": []}
    kept = [indexed(Path(name).read_bytes()) for name in sys.argv[1:]]
    told["after_mb"] = resident_mb()
    for name, (catalog, _) in zip(sys.argv[1:], kept, strict=True):
        data = Path(name).read_bytes()
        told["documents"].append(
            {
                "name": Path(name).name,
                "bytes": len(data),
                "tools": len(catalog.summaries),
                "json_s": best(lambda data=data: json.loads(data)),
                "ours_s": best(lambda data=data: indexed(data)),
            }
        )
    print(json.dumps(told))


main()
