"""Hosts that speak OpenAI's Chat Completions: where they are and what they deviate in. Data only.

Source of the deviations: wire/openai §11, and the vendors' own pages. A host that is not here is a
`LLM_<NAME>=openai-compatible://…` variable or an `openai_provider(base_url=…)` away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from majordomo.llm.output import OutputMode
from majordomo.providers.openai import Dialect

__all__ = ["PRESETS", "Preset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One host.

    Attributes:
        name: Name it is registered under.
        base_url: Up to and including the version; of a host of one's own, its usual place.
        key_variable: Environment variable with its key.
        needs_key: Refuse to dial without one.
        url_variable: Environment variable that holds another base URL; empty when none does.
        url_path: Put after what `url_variable` holds.
        dialect: What it deviates in.
        unbounded: A model may be loaded first, which takes any time.
    """

    name: str
    base_url: str | None
    key_variable: str
    needs_key: bool = True
    url_variable: str = ""
    url_path: str = ""
    dialect: Dialect = Dialect()
    unbounded: bool = False


_COMPATIBLE = Dialect(legacy_max_tokens=True, strict=False)
_LOCAL = Dialect(
    legacy_max_tokens=True,
    strict=False,
    image_mimes=frozenset(
        {"image/png", "image/jpeg"}
    ),  # most builds read no other (wire/README §7)
    max_image_pixels=2048,
)
# Its Python server refuses null content beside tool calls (tests/llama).
_LLAMA = replace(_LOCAL, null_content=False)
_JSON_ONLY = Dialect(legacy_max_tokens=True, strict=False, output=OutputMode.JSON_OBJECT)

PRESETS = (
    Preset(
        name="openrouter",
        base_url="https://openrouter.ai/api/v1",
        key_variable="OPENROUTER_API_KEY",
        dialect=Dialect(legacy_max_tokens=True),
    ),
    Preset(
        name="groq",
        base_url="https://api.groq.com/openai/v1",
        key_variable="GROQ_API_KEY",
        dialect=Dialect(strict=False),
    ),
    Preset(
        name="mistral",
        base_url="https://api.mistral.ai/v1",
        key_variable="MISTRAL_API_KEY",
        # Its thinking comes as typed parts of the content, and goes back as such.
        dialect=Dialect(
            legacy_max_tokens=True, stream_usage=False, sampling_extras=False, replay=("thinking",)
        ),
    ),
    Preset(
        name="deepseek",
        base_url="https://api.deepseek.com/v1",
        key_variable="DEEPSEEK_API_KEY",
        dialect=_JSON_ONLY,
    ),
    Preset(
        name="together",
        base_url="https://api.together.xyz/v1",
        key_variable="TOGETHER_API_KEY",
        dialect=_COMPATIBLE,
    ),
    Preset(
        name="fireworks",
        base_url="https://api.fireworks.ai/inference/v1",
        key_variable="FIREWORKS_API_KEY",
        dialect=_COMPATIBLE,
    ),
    Preset(name="xai", base_url="https://api.x.ai/v1", key_variable="XAI_API_KEY"),
    Preset(
        name="azure",
        base_url=None,
        key_variable="AZURE_OPENAI_API_KEY",
        url_variable="AZURE_OPENAI_ENDPOINT",
        url_path="/openai/v1",
    ),
    Preset(
        name="github-models",
        base_url="https://models.github.ai/inference",
        key_variable="GITHUB_TOKEN",
        dialect=Dialect(legacy_max_tokens=True),
    ),
    Preset(
        name="lm-studio",
        base_url="http://127.0.0.1:1234/v1",
        key_variable="LM_API_TOKEN",
        needs_key=False,
        dialect=_LOCAL,
        unbounded=True,
    ),
    Preset(
        name="vllm",
        base_url="http://127.0.0.1:8000/v1",
        key_variable="VLLM_API_KEY",
        needs_key=False,
        dialect=_LOCAL,
    ),
    Preset(
        name="llama-cpp",
        base_url="http://127.0.0.1:8080/v1",
        key_variable="LLAMA_API_KEY",
        needs_key=False,
        dialect=_LLAMA,
        unbounded=True,
    ),
)
