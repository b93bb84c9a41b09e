"""The toolset `compose`: calls as one small pipeline, templates filled in, texts joined."""

from executus.tools.compose.pipeline import Condition, PipelineFailed, Step
from executus.tools.compose.toolset import compose_tools

__all__ = ["Condition", "PipelineFailed", "Step", "compose_tools"]
