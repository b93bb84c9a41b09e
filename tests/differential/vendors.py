"""The vendors under comparison; a new one is a module with a table, and one line here."""

import anthropic_vendor
import google_vendor
import ollama_vendor
import openai_vendor
import responses_vendor

VENDORS = (
    openai_vendor.VENDOR,
    responses_vendor.VENDOR,
    anthropic_vendor.VENDOR,
    google_vendor.VENDOR,
    ollama_vendor.VENDOR,
)
