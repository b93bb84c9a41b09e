"""Structured output: ask for a Python type, get a value of it.

An answer that does not fit is corrected once by the model, told what is wrong. Prints:

    City(name='Tokyo', country='Japan', population=14000000)
    asked twice: That answer does not fit: population: … Answer again.
"""

from dataclasses import dataclass

from executus.testing import FakeProvider
from majordomo import generate_sync


@dataclass
class City:
    """A city and how many live there."""

    name: str
    country: str
    population: int


model = FakeProvider()
model.enqueue(
    "m",
    '{"name": "Tokyo", "country": "Japan", "population": "many"}',
    '{"name": "Tokyo", "country": "Japan", "population": 14000000}',
)
print(generate_sync(model.model("m"), City, "The capital of Japan"))
_, second = model.requests
print(f"asked twice: {second[1].messages[-1].text}")
