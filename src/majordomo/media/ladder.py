"""Which forms of a picture are tried, in order of preference: type first, then quality."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from majordomo.media.limits import ImageLimits

__all__ = ["Form", "forms"]

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"

# From "no difference to see" to "a model still reads it"; below, fewer pixels lose less.
_QUALITIES = (85, 70, 55, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way to write a picture.

    Attributes:
        mime: `image/png`, `image/jpeg` or `image/webp`.
        quality: 1 to 100 for the lossy ones; None for PNG.
    """

    mime: str
    quality: int | None = None


def forms(limits: ImageLimits, source: str, *, flat: bool, alpha: bool) -> Iterator[Form]:
    """The forms to try, best first; none when the target takes no type that can be written.

    The source's own type is kept where it is accepted. Otherwise PNG is for what has transparency
    or few colours (lines, text, diagrams), JPEG for the rest. A lossy type always follows as the
    way into a byte budget; transparency survives only in WebP there, else it becomes white.

    Args:
        limits: What is accepted.
        source: Type the picture had; that of a still image.
        flat: It has few colours.
        alpha: Some of it is transparent.
    """
    lossy = (WEBP, JPEG) if alpha or source == WEBP else (JPEG, WEBP)
    if source in (JPEG, WEBP):
        order = (source, *lossy, PNG)
    elif source == PNG or flat or alpha:
        order = (PNG, *lossy)
    else:
        order = (*lossy, PNG)
    seen_lossy = False
    for mime in dict.fromkeys(order):
        if not limits.accepts(mime):
            continue
        if mime == PNG:
            yield Form(mime=PNG)
        elif not seen_lossy:
            seen_lossy = True
            yield from (Form(mime=mime, quality=quality) for quality in _QUALITIES)
