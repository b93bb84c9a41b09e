"""Long random conversations as each wire's models would have them, with reasoning to send back."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from executus.testing import Turn
from executus.testing.server import (
    PNG,
    anthropic_answer,
    anthropic_rules,
    google_answer,
    google_rules,
    ollama_answer,
    ollama_rules,
    openai_answer,
    openai_rules,
    responses_answer,
    responses_rules,
)
from majordomo.llm import (
    Fragments,
    ImagePart,
    Message,
    ProviderState,
    Request,
    Role,
    Target,
    TextPart,
    ToolResultPart,
    user,
)
from majordomo.providers.anthropic.wire import AnthropicWire
from majordomo.providers.google.wire import GoogleWire
from majordomo.providers.ollama.wire import OllamaWire
from majordomo.providers.openai.wire import OpenAIWire
from majordomo.providers.responses.wire import ResponsesWire
from majordomo.providers.wire import ResponseMeta, Wire

TASK = "TASK: find the cause and mend it."
RULE = "RULE: never touch production."


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """A wire, its vendor's answers and what its vendor refuses."""

    wire: Wire
    model: str
    answer: Callable[..., Any]
    broken: Callable[[Any, list[Turn]], Any]
    bound: bool

    @property
    def target(self):
        return Target(self.wire.name, self.model)


SPEAKERS = (
    Speaker(
        wire=OpenAIWire(),
        model="gpt-6-sol",
        answer=openai_answer,
        broken=lambda body, turns: openai_rules.find_broken_rule(body),
        bound=False,
    ),
    Speaker(
        wire=AnthropicWire(),
        model="claude-opus-5-5",
        answer=anthropic_answer,
        broken=anthropic_rules.find_broken_rule,
        bound=True,
    ),
    Speaker(
        wire=ResponsesWire(),
        model="gpt-6-sol",
        answer=responses_answer,
        broken=responses_rules.find_broken_rule,
        bound=True,
    ),
    Speaker(
        wire=GoogleWire(),
        model="gemini-3-pro",
        answer=google_answer,
        broken=lambda body, turns: google_rules.find_broken_rule(body, "gemini-3-pro", turns),
        bound=True,
    ),
    Speaker(
        wire=OllamaWire(),
        model="qwen3:8b",
        answer=ollama_answer,
        broken=lambda body, turns: ollama_rules.find_broken_rule(body),
        bound=False,
    ),
)


class Talk:
    """A conversation that grows as an agent's does: answer, results, perhaps a word of the user."""

    def __init__(self, speaker: Speaker, seed: int, *, long: int = 1_500, images: bool = True):
        self.speaker = speaker
        self.random = random.Random(seed)
        self.long = long
        self.images = images
        self.turns: list[Turn] = []
        self.fragments = Fragments()
        self.messages: list[Message] = [
            Message(role=Role.SYSTEM, parts=(TextPart(RULE),)),
            user(TASK),
        ]

    def words(self, most: int) -> str:
        size = self.random.choice((5, most // 8, most))
        return self.random.choice(("word ", "wörter ", "言葉", '{"k": "v"} ')) * (size // 5 + 1)

    def grow(self) -> None:
        """One model call's answer and what follows it."""
        answer = self.answer()
        self.messages.append(answer)
        if answer.tool_calls:
            results = tuple(self.result(call) for call in answer.tool_calls)
            self.messages.append(Message(role=Role.TOOL, parts=results))
            if self.random.random() < 0.9:
                return
        parts = [f"And now: {self.words(200)}"]
        if self.images and self.random.random() < 0.3:
            parts.append(ImagePart.from_bytes(PNG))
        self.messages.append(user(*parts))

    def answer(self) -> Message:
        index = len(self.turns)
        calls = [
            (f"tool_{number}", json.dumps({"path": f"p{index}", "content": self.words(self.long)}))
            for number in range(self.random.choice((0, 1, 1, 1, 2, 4)))
        ]
        think = self.random.random() < 0.7
        signature = f"sig-{index}-{'x' * 120}" if think and self.speaker.bound else ""
        turn = Turn(
            content=self.words(self.long // 3) if not calls or self.random.random() < 0.4 else "",
            tool_calls=tuple(calls),
            thinking=f"hm {index}" if signature else "",
            signature=signature,
        )
        self.turns.append(turn)
        body = self.speaker.answer(turn, index=index).body
        message = self.speaker.wire.decode(body, ResponseMeta(target=self.speaker.target)).message
        return self.thoughtful(message, index) if think and not self.speaker.bound else message

    def thoughtful(self, message: Message, index: int) -> Message:
        wire = self.speaker.wire.name
        field = "thinking" if wire == "ollama" else "reasoning_content"
        state = ProviderState(
            wire=wire,
            provider=self.speaker.target.provider,
            model=self.speaker.model,
            data=json.dumps({field: f"plain thought {index}"}),
        )
        return replace(message, state=state)

    def result(self, call) -> ToolResultPart:
        images = (ImagePart.from_bytes(PNG),) if self.images and self.random.random() < 0.1 else ()
        return ToolResultPart(
            call_id=call.id,
            name=call.name,
            text=self.words(self.long * 2),
            images=images,
            is_error=self.random.random() < 0.1,
        )

    def complaint(self, sent) -> object:
        """What the vendor would refuse of a request with these messages; None when nothing."""
        request = Request(messages=sent, system="Be careful.", fragments=self.fragments)
        call = self.speaker.wire.encode(request, self.speaker.target, streaming=False)
        return self.speaker.broken(json.loads(call.body), self.turns)
