"""The MCP server: the tool `execute`, and `resume` for clients that cannot be asked themselves."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from mcp.server import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ElicitResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    Tool,
)

from executus_gateway.domain import MisfitArguments, check
from executus_gateway.errors import GatewayError
from executus_gateway.mcp.elicitation import (
    SessionPrompter,
    answered,
    can_elicit,
    elicitation,
    expressible,
)
from executus_gateway.mcp.protocol import INPUT_REQUIRED_SINCE, NAME, RUN_KEY
from executus_gateway.mcp.rendering import told_problem, told_run
from executus_gateway.ports import NO_PROMPTER, Prompter
from executus_gateway.schema import Interaction, TaskRun
from executus_gateway.service import Gateway

__all__ = ["make_server"]

Context: TypeAlias = ServerRequestContext[Any]

STATE_TTL_S: Final = 30 * 86_400.0
"""How long a person may take to answer in an agent's own window; the inbox has no such end."""

EXECUTE: Final = Tool(
    name="execute",
    description=(
        "Run Python in a sandbox; tools are called as tools.<source>.<name>(key=value). "
        "tools.search('words') finds tools, tools.describe('path') gives one's arguments. "
        "A call gives {'ok': True, 'data': …} or {'ok': False, 'error': {'code', 'message'}}. "
        "Use `return` for the result, emit(x) to show x to the user. "
        "tools.executor.sources.add(openapi=URL | mcp=URL | graphql=URL) adds a source. "
        "No imports of third-party modules, no network or files but through tools."
    ),
    input_schema={
        "type": "object",
        "properties": {
            "code": {"type": "string"},
            "timeout": {
                "type": "number",
                "exclusiveMinimum": 0,
                "description": "Seconds the code may compute; waiting is free.",
            },
        },
        "required": ["code"],
        "additionalProperties": False,
    },
)
RESUME: Final = Tool(
    name="resume",
    description="Wait for a paused run, once the user was told to decide, and get its result.",
    input_schema={
        "type": "object",
        "properties": {"run_id": {"type": "string"}},
        "required": ["run_id"],
        "additionalProperties": False,
    },
)


def make_server(gateway: Gateway) -> Server[Any]:
    """A server of the protocol's SDK; run it over any of its transports."""
    faces = _Endpoint(gateway)
    server = Server[Any](NAME, on_list_tools=faces.list_tools, on_call_tool=faces.call_tool)
    # Who goes on with a run answers its questions: only who was asked them may. Ids are no secret.
    security = RequestStateSecurity(keys=[gateway.state_key], ttl=STATE_TTL_S)
    server.middleware.append(RequestStateBoundary(security, default_audience=NAME))
    return server


class _Endpoint:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def list_tools(
        self, context: Context, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        del params
        asks = can_elicit(context.session.client_capabilities)
        return ListToolsResult(tools=[EXECUTE] if asks else [EXECUTE, RESUME])

    async def call_tool(
        self, context: Context, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        arguments = params.arguments or {}
        try:
            match params.name:
                case "execute" if params.request_state:
                    return await self._continue(context, params, params.request_state)
                case "execute":
                    check(EXECUTE.input_schema, arguments)
                    named = str((params.meta or {}).get(RUN_KEY) or "")
                    return await self._execute(context, arguments, named)
                case "resume":
                    check(RESUME.input_schema, arguments)
                    run = await self._gateway.wait(arguments["run_id"], through_pauses=True)
                    return told_run(run, [], can_resume=True)
                case _:
                    return told_problem("there is no such tool; use execute")
        except (GatewayError, MisfitArguments) as error:
            return told_problem(str(error))

    async def _execute(
        self, context: Context, arguments: dict[str, Any], named: str
    ) -> CallToolResult | InputRequiredResult:
        prompter = self._prompter(context)
        run = await self._gateway.start(
            arguments["code"],
            client=_client_name(context),
            compute_s=arguments.get("timeout"),
            prompter=prompter,
            run_id=named,
        )
        return await self._settled(context, run.id, prompter)

    async def _continue(
        self, context: Context, params: CallToolRequestParams, run_id: str
    ) -> CallToolResult | InputRequiredResult:
        asked = {question.id: question for question in self._open(run_id)}
        for question_id, response in (params.input_responses or {}).items():
            question = asked.get(question_id)
            if question is not None and isinstance(response, ElicitResult):
                await self._gateway.answer(question.id, answered(question, response))
        return await self._settled(context, run_id, NO_PROMPTER)

    async def _settled(
        self, context: Context, run_id: str, prompter: Prompter
    ) -> CallToolResult | InputRequiredResult:
        run: TaskRun = await self._gateway.wait(run_id, through_pauses=False, prompter=prompter)
        questions = self._open(run_id) if run.state == "paused" else []
        asks = can_elicit(context.session.client_capabilities)
        putable = [question for question in questions if expressible(question)]
        if asks and putable and _asks_in_results(context):
            return InputRequiredResult(
                input_requests={question.id: elicitation(question) for question in putable},
                request_state=run_id,
            )
        return told_run(run, questions, can_resume=not asks)

    def _prompter(self, context: Context) -> Prompter:
        asks = can_elicit(context.session.client_capabilities)
        if not asks or _asks_in_results(context):
            return NO_PROMPTER
        return SessionPrompter(context)

    def _open(self, run_id: str) -> list[Interaction]:
        return [question for question in self._gateway.inbox() if question.run == run_id]


def _asks_in_results(context: Context) -> bool:
    return context.protocol_version >= INPUT_REQUIRED_SINCE


def _client_name(context: Context) -> str:
    params = context.session.client_params
    return params.client_info.name[:100] if params is not None else ""
