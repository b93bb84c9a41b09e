"""Names to models: which providers are registered, and what `provider/model` means."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from majordomo.errors import ConfigError, UnknownModel
from majordomo.llm import Model, Provider

__all__ = ["ModelRegistry"]

MakeProvider = Callable[[], Provider]


class ModelRegistry:
    """Providers by name; resolves `provider/model` and `provider:model`.

    The text is split at the first `/` or `:` and the rest is the model id verbatim, so that ids
    with slashes and colons survive. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._make: dict[str, MakeProvider] = {}
        self._made: dict[str, Provider] = {}
        self._default_models: dict[str, str] = {}

    def register(
        self, name: str, provider: Provider | MakeProvider, *, default_model: str | None = None
    ) -> None:
        """Register a provider under a name; a second one of that name replaces the first.

        Args:
            name: Lower-case letters, digits and hyphens.
            provider: The provider, or a function that makes it on first use.
            default_model: Model id meant by the bare provider name; without it, a bare name does
                not resolve.
        """
        with self._lock:
            self._made.pop(name, None)
            self._make[name] = provider if callable(provider) else lambda: provider
            self._default_models.pop(name, None)
            if default_model is not None:
                self._default_models[name] = default_model

    @property
    def names(self) -> tuple[str, ...]:
        """Registered provider names, in order."""
        return tuple(self._make)

    def provider(self, name: str) -> Provider:
        """The provider of that name.

        Raises:
            UnknownModel: None is registered.
        """
        with self._lock:
            if name not in self._make:
                raise UnknownModel(name, known=self._make, hint=_registered(self._make))
            made = self._made.get(name)
            if made is None:
                made = self._make[name]()
                if getattr(made, "configured", True):
                    self._made[name] = made  # else a key that is set later is still found
            return made

    def resolve(self, spec: str) -> Model:
        """The model a name means. Nothing is dialled.

        Raises:
            UnknownModel: The provider is not registered, or the model id is missing.
            ConfigError: The name is empty.
        """
        text = spec.strip()
        if not text:
            raise ConfigError("the model name is empty; write provider/model, such as 'fake'")
        cut = next((i for i, char in enumerate(text) if char in "/:"), len(text))
        name, model_id = text[:cut], text[cut + 1 :]
        if name not in self._make:
            raise UnknownModel(spec, known=self._suggestions(text), hint=_registered(self._make))
        model_id = model_id or self._default_models.get(name, "")
        if not model_id:
            raise UnknownModel(spec, hint=f"name a model of {name}, as in {name}/MODEL")
        return self.provider(name).model(model_id)

    def _suggestions(self, text: str) -> list[str]:
        """Known names in the shape of what was written, so that they compare well."""
        rest = text[len(text.split("/", 1)[0].split(":", 1)[0]) :]
        return [name + rest for name in self._make]


def _registered(names: Iterable[str]) -> str:
    return f"registered providers: {', '.join(names)}; write provider/model"
