"""Rules over records: no I/O, no adapters, nothing that has to be waited for but a lock."""

from executus_gateway.domain.arguments import MisfitArguments, arguments_digest, bind, check
from executus_gateway.domain.catalogs import Catalogs, Found
from executus_gateway.domain.filearguments import (
    FILE_SCHEMA,
    Handle,
    changed_files,
    given_file,
    unmarked,
)
from executus_gateway.domain.ledger import Ledger
from executus_gateway.domain.naming import identifier, identifiers, namespace_from
from executus_gateway.domain.policies import DEFAULTS, decide, matches
from executus_gateway.domain.searchindex import SearchIndex
from executus_gateway.domain.sourcestates import TRANSITIONS, moved
from executus_gateway.domain.telling import MAX_TOLD_CHARS, cut_printed, cut_value

__all__ = [
    "DEFAULTS",
    "FILE_SCHEMA",
    "MAX_TOLD_CHARS",
    "TRANSITIONS",
    "Catalogs",
    "Found",
    "Handle",
    "Ledger",
    "MisfitArguments",
    "SearchIndex",
    "arguments_digest",
    "bind",
    "changed_files",
    "check",
    "cut_printed",
    "cut_value",
    "decide",
    "given_file",
    "identifier",
    "identifiers",
    "matches",
    "moved",
    "namespace_from",
    "unmarked",
]
