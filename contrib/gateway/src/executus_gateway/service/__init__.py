"""The gateway at work: a call from code to its answer, a run from its code to its outcome."""

from executus_gateway.service.gateway import Gateway
from executus_gateway.service.policycontrols import Policies

__all__ = ["Gateway", "Policies"]
