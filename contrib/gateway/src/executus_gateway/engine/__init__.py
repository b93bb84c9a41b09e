"""What runs the code that agents write: a sandboxed interpreter in a worker process."""

from executus_gateway.engine.monty import ENGINE_VERSION, MontyEngine
from executus_gateway.engine.recovery import recovered

__all__ = ["ENGINE_VERSION", "MontyEngine", "recovered"]
