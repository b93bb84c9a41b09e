"""Many calls at once: items through one function, or models times lenses, each bounded and told."""

from executus.fanout.swarm import Outcome, matrix, swarm, swarm_stream

__all__ = ["Outcome", "matrix", "swarm", "swarm_stream"]
