"""The gateway at work: a call from code to its answer, a run from its code to its outcome."""

from executus_gateway.service.gateway import Gateway
from executus_gateway.service.keeping import Keep
from executus_gateway.service.policycontrols import Policies
from executus_gateway.service.sourcecontrols import found_place, place_of

__all__ = ["Gateway", "Keep", "Policies", "found_place", "place_of"]
