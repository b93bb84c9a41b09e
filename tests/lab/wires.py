"""The wires under test. A new one is a module with its entry, and one more name here."""

from labwire import Wire
from wire_anthropic import anthropic
from wire_google import google
from wire_llamaswap import llama_swap
from wire_ollama import foreman, ollama, ollama_cloud
from wire_openai import openai
from wire_responses import responses

WIRES: tuple[Wire, ...] = (
    openai(),
    anthropic(),
    responses(),
    google(),
    foreman(),
    ollama(),
    ollama_cloud(),
    llama_swap(),
)
