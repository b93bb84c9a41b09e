"""Questions to a person and what was said; a secret that was typed is in neither."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field, SecretStr

from executus_gateway.schema.ids import CallId, CredentialId, InteractionId, RunId, WorkspaceId
from executus_gateway.schema.record import Millis, Record, Value

__all__ = ["Answer", "Approval", "Interaction", "InteractionKind", "InteractionState", "Verdict"]

InteractionKind: TypeAlias = Literal["approval", "confirm", "form", "secret"]
InteractionState: TypeAlias = Literal["pending", "accepted", "declined", "cancelled", "expired"]
Verdict: TypeAlias = Literal["accept", "decline", "cancel"]


class Interaction(Record):
    """One question.

    Attributes:
        workspace: Where it is asked.
        kind: `approval` of a tool call, `confirm` a yes or no, `form` values, `secret` one value
            that goes to the vault.
        title: One line.
        detail: What the person should know, plain text, scrubbed of secrets; for an approval the
            call's arguments.
        run: The run that waits; empty when none does.
        call: The call that waits.
        path: The tool's full path, for an approval.
        fields: JSON Schema of the values, for a form.
        credential: Under which vault entry a secret's answer goes.
        state: What became of it.
        values: What was filled in; never for a secret.
        note: Why it was declined, told to the model.
        answered_by: Channel of the answer: `elicitation`, `browser`, `terminal`, `host`.
        expires_ms: After this it counts as declined; 0 for never.
    """

    collection: Literal["interaction"] = "interaction"
    workspace: WorkspaceId
    kind: InteractionKind
    title: str
    detail: str = ""
    run: RunId | None = None
    call: CallId | None = None
    path: str = ""
    fields: dict[str, Any] | None = None
    credential: CredentialId | None = None
    state: InteractionState = "pending"
    values: dict[str, Any] | None = None
    note: str = ""
    answered_by: str = ""
    expires_ms: Millis = 0


class Answer(Value):
    """What a person said. Never stored as such.

    Attributes:
        verdict: `cancel` is: asked, closed without a word; it counts as a no.
        values: For a form.
        secret: For a secret; goes to the vault and nowhere else.
        note: A reason.
        channel: Where it was said.
    """

    verdict: Verdict
    values: dict[str, Any] | None = None
    secret: SecretStr | None = Field(default=None, exclude=True)
    note: str = ""
    channel: str = "host"


class Approval(Record):
    """Who allowed or forbade which call: the audit's record, kept after the question is gone.

    Attributes:
        interaction: The question.
        run: The run.
        call: The call.
        path: The tool.
        arguments_digest: Hash of the arguments that were shown; what runs has the same.
        verdict: What was said.
        channel: Where.
    """

    collection: Literal["approval"] = "approval"
    interaction: InteractionId
    run: RunId
    call: CallId
    path: str
    arguments_digest: str
    verdict: Verdict
    channel: str
