"""Custom tiers: names for what models are good for, from the host's own settings.

A tier may stand in another, and in any spec; a change counts from the next look on. Prints:

    fast: fake/small
    review: fake/large, fake/small
    review: fake/huge, fake/small
    unknown model 'fats'; did you mean 'fast'? …
"""

import anyio

from executus.config import Config, MappingSource
from executus.model import ModelTiers
from majordomo import UnknownModel

settings = {"tier.fast": "fake/small", "tier.review": "fake/large,fast"}
tiers = ModelTiers(config=Config(MappingSource(settings)))


async def show(name: str) -> None:
    """Print what a tier means now."""
    chain = await tiers.resolve(name)
    print(f"{name}: {', '.join(str(model.target) for model in chain.models)}")


async def main() -> None:
    """Look up tiers, before and after a change."""
    await show("fast")
    await show("review")
    settings["tier.review"] = "fake/huge,fast"
    await show("review")
    try:
        await show("fats")
    except UnknownModel as error:
        print(error)


anyio.run(main)
