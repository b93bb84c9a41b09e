"""Model names: a provider and a model, several of them as a chain, and what a wrong one says.

Nothing is dialled by parsing. Prints:

    <Chain openai/gpt-6-sol>
    <Chain openrouter/meta-llama/llama-4:free>
    <Chain openai/gpt-6-sol,anthropic/claude-sonnet-5-5>
    unknown model 'opnai/gpt-6-sol'; did you mean 'openai/gpt-6-sol'? …
"""

from majordomo import UnknownModel
from majordomo.builtin import default_registry

models = default_registry()
for spec in (
    "openai/gpt-6-sol",
    "openrouter/meta-llama/llama-4:free",
    "openai/gpt-6-sol, anthropic/claude-sonnet-5-5",
):
    print(models.parse(spec))
try:
    models.parse("opnai/gpt-6-sol")
except UnknownModel as error:
    print(error)
