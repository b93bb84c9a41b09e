"""Questions to people: opened, delivered, answered once, expired; durable."""

from executus_gateway.broker.inputbroker import InputBroker

__all__ = ["InputBroker"]
