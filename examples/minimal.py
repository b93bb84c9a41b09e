"""Hello, agentic world: an agent with a tool in fifteen lines. Prints: 42 ok, 2 model calls."""

from executus import Executor, RunnableAgent

agent = RunnableAgent(
    name="helper",
    instructions="Use the tools for arithmetic.",
    model="fake",  # or "openai/gpt-6-sol", with OPENAI_API_KEY set
    tools=["calc.*"],
)
result = Executor().run_sync(agent, "what is 6*7?")
print(result.answer, f"{result.status}, {result.usage.requests} model calls")
