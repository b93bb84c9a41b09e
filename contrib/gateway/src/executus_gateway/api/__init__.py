"""The service as named methods over JSON values: one table for every transport."""

from executus_gateway.api.faults import fault_code, fault_from
from executus_gateway.api.methods import Api, MethodCall

__all__ = ["Api", "MethodCall", "fault_code", "fault_from"]
