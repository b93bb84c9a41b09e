"""Multimodal: an image beside the text; a model that takes none is passed over.

The image is checked and made to fit each target before it is sent. Prints:

    seeing answered: I see an image/png of 70 bytes.
"""

import anyio

from executus import Executor, Invocation, RunnableAgent
from executus.testing import FakeProvider
from executus.testing.server import PNG
from majordomo import ImagePart, ModelRegistry, Request
from majordomo.llm import Capabilities


def look(request: Request) -> str:
    """What a model that sees might say."""
    [image] = [part for part in request.messages[-1].parts if isinstance(part, ImagePart)]
    return f"I see an {image.mime} of {len(image.data)} bytes."


models = ModelRegistry()
for name, sees in (("blind", False), ("seeing", True)):
    provider = FakeProvider(name, capabilities=Capabilities(vision=sees))
    provider.enqueue("m", look)
    models.register(name, provider)
agent = RunnableAgent(model="blind/m,seeing/m")
asked = Invocation(["What is this?", ImagePart.from_bytes(PNG)])
result = anyio.run(Executor(models=models).run, agent, asked)
print(f"{result.steps[0].response.target.provider} answered: {result.answer}")
