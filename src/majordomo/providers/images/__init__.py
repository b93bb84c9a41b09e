"""Images from any server that speaks OpenAI's `/images/generations`.

Not a wire, but what several providers have beside theirs: one encoder, one decoder, and what a
server deviates in as data (`ImageDialect`).
"""

from majordomo.providers.images.dialect import ImageDialect
from majordomo.providers.images.provider import HTTPImageModel, ImagingProvider

__all__ = ["HTTPImageModel", "ImageDialect", "ImagingProvider"]
