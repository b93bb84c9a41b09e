"""Skills: instructions and tools that belong together; one instance serves many agents.

Prints:

    instructions: Do arithmetic with the tool calculate, not in your head. / Answer politely.
    tools: calculate
    56161
    too, in a run of the harness: 56161
"""

from executus import Executor, RunnableAgent
from majordomo import Agent
from majordomo.skill import Skill, calc_skill

skills = [calc_skill(), Skill(name="manners", instructions="Answer politely.")]
print("instructions:", " / ".join(skill.instructions for skill in skills))

agent = Agent("fake", skills=skills)
print("tools:", ", ".join(tool.name for tool in agent.tools))
print(agent.run_sync("What is 791 * 71?").output)

result = Executor().run_sync(RunnableAgent(model="fake", skills=skills), "What is 791 * 71?")
print("too, in a run of the harness:", result.answer)
