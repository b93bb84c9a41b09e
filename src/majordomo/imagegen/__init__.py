"""Text to image: what to ask for, what comes back, and who can be asked.

The images are `ImagePart`s, so they go straight back into a chat. Texts alone are taken: editing
images is another contract.
"""

from majordomo.imagegen.model import ImageModel, ImageProvider
from majordomo.imagegen.request import ImageRequest
from majordomo.imagegen.result import ImageResult

__all__ = ["ImageModel", "ImageProvider", "ImageRequest", "ImageResult"]
