"""Images made to fit what a target takes, before they are sent.

Converting needs pillow (extra `media`). Without it, what fits already is sent, and the rest is
refused with words that say what to install.
"""

from majordomo.media.fit import fit_image
from majordomo.media.limits import ImageLimits
from majordomo.media.rewrite import fit_request

__all__ = ["ImageLimits", "fit_image", "fit_request"]
