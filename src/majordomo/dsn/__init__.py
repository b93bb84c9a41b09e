"""Providers declared in variables: `LLM_<NAME>=scheme://[user:]token@host[:port][/base][?options]`.

Pure: it reads what it is given and builds nothing. Contract: docs/adr/0004.
"""

from majordomo.dsn.options import OptionValue
from majordomo.dsn.parser import DSN, DSNError, parse_dsn
from majordomo.dsn.variables import Declaration, provider_name, scan, variable_name

__all__ = [
    "DSN",
    "DSNError",
    "Declaration",
    "OptionValue",
    "parse_dsn",
    "provider_name",
    "scan",
    "variable_name",
]
