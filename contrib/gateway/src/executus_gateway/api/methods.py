"""Named methods with JSON parameters and JSON results; a transport carries them, nothing more.

    execute {code, compute_s?}          → run, ended
    runs.start {code, compute_s?}       → run
    runs.wait {run, through_pauses?}    → run
    runs.cancel {run} · runs.get {run} · runs.list {limit?} · runs.calls {run}
    sources.list {} · sources.add {…}   → as `tools.executor.sources.*`
    sources.remove {source} · sources.refresh {source}
    sources.connect {source, scheme, value}
    tools.search {query, source?, limit?} · tools.describe {path}   → as in code
    policies.list {} · policies.add {pattern, action, scope?, reason?}
    policies.remove {rule} · policies.explain {path}
    inbox.list {}                       → interactions
    inbox.answer {id, verdict, values?, secret?, note?, channel?}

An unknown method, or parameters that do not fit, is a `Refused`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

from pydantic import BaseModel, ValidationError

from executus_gateway.domain import MisfitArguments
from executus_gateway.errors import Refused
from executus_gateway.ports import NO_PROMPTER, Prompter
from executus_gateway.schema import Answer, AuthScheme
from executus_gateway.service import Gateway, found_place

__all__ = ["Api", "MethodCall"]

MethodCall: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[Any]]


class Api:
    """The methods of one gateway.

    Args:
        gateway: An open one.
        prompter: The client's own way to a person, for the runs it starts.
        client: Its name, for the record.
    """

    def __init__(
        self, gateway: Gateway, *, prompter: Prompter = NO_PROMPTER, client: str = "sdk"
    ) -> None:
        self._gateway = gateway
        self._prompter = prompter
        self._client = client
        self._methods: dict[str, MethodCall] = {
            "execute": self._execute,
            "runs.start": self._start,
            "runs.wait": self._wait,
            "runs.cancel": self._cancel,
            "runs.get": self._run,
            "runs.list": self._runs,
            "runs.calls": self._calls,
            "sources.list": self._sources,
            "sources.add": self._add_source,
            "sources.remove": self._remove_source,
            "sources.refresh": self._refresh_source,
            "sources.connect": self._connect,
            "tools.search": gateway.search,
            "tools.describe": gateway.describe,
            "policies.list": self._policies,
            "policies.add": self._add_policy,
            "policies.remove": self._remove_policy,
            "policies.explain": self._explain,
            "inbox.list": self._inbox,
            "inbox.answer": self._answer,
        }

    @property
    def methods(self) -> Sequence[str]:
        """Their names."""
        return list(self._methods)

    async def request(self, method: str, params: Mapping[str, Any]) -> Any:
        """Call a method.

        Raises:
            Refused: There is no such method, or the parameters do not fit it.
            GatewayError: What the gateway says of the request.
        """
        handler = self._methods.get(method)
        if handler is None:
            raise Refused(f"there is no method {method[:80]!r}")
        try:
            return _json(await handler(params))
        except KeyError as error:
            raise Refused(f"{method} needs {error.args[0]!r}") from error
        except TypeError as error:
            raise Refused(f"{method} does not take these parameters") from error
        except (ValidationError, MisfitArguments) as error:
            raise Refused(f"{method}: {_told(error)}") from None

    async def _execute(self, params: Mapping[str, Any]) -> Any:
        run = await self._start(params)
        return await self._gateway.wait(run.id)

    async def _start(self, params: Mapping[str, Any]) -> Any:
        return await self._gateway.start(
            params["code"],
            client=self._client,
            compute_s=params.get("compute_s"),
            prompter=self._prompter,
        )

    async def _wait(self, params: Mapping[str, Any]) -> Any:
        through = params.get("through_pauses", True)
        return await self._gateway.wait(params["run"], through_pauses=through)

    async def _cancel(self, params: Mapping[str, Any]) -> Any:
        return await self._gateway.cancel(params["run"])

    async def _run(self, params: Mapping[str, Any]) -> Any:
        return self._gateway.run(params["run"])

    async def _runs(self, params: Mapping[str, Any]) -> Any:
        limit = params.get("limit")
        if limit is not None and limit < 1:
            raise Refused("limit is 1 at least")
        runs = self._gateway.runs()
        return runs if limit is None else runs[-limit:]

    async def _calls(self, params: Mapping[str, Any]) -> Any:
        return self._gateway.calls(params["run"])

    async def _sources(self, params: Mapping[str, Any]) -> Any:
        del params
        return self._gateway.sources.list()

    async def _add_source(self, params: Mapping[str, Any]) -> Any:
        return await self._gateway.sources.add(
            await found_place(self._gateway.sources, params),
            namespace=params.get("namespace", ""),
            trust_hints=params.get("trust_hints", True),
        )

    async def _remove_source(self, params: Mapping[str, Any]) -> Any:
        return await self._gateway.sources.remove(params["source"])

    async def _refresh_source(self, params: Mapping[str, Any]) -> Any:
        return await self._gateway.sources.refresh(params["source"])

    async def _connect(self, params: Mapping[str, Any]) -> Any:
        scheme = AuthScheme.model_validate(params["scheme"])
        return await self._gateway.connect(params["source"], scheme, params["value"])

    async def _policies(self, params: Mapping[str, Any]) -> Any:
        del params
        return self._gateway.policies.list()

    async def _add_policy(self, params: Mapping[str, Any]) -> Any:
        return await self._gateway.policies.add(**params)

    async def _remove_policy(self, params: Mapping[str, Any]) -> Any:
        return await self._gateway.policies.remove(params["rule"])

    async def _explain(self, params: Mapping[str, Any]) -> Any:
        return self._gateway.policies.explain(params["path"])

    async def _inbox(self, params: Mapping[str, Any]) -> Any:
        del params
        return self._gateway.inbox()

    async def _answer(self, params: Mapping[str, Any]) -> Any:
        said = {key: value for key, value in params.items() if key != "id"}
        return await self._gateway.answer(params["id"], Answer.model_validate(said))


def _json(value: Any) -> Any:
    match value:
        case BaseModel():
            return value.model_dump(mode="json")
        case list():
            return [_json(item) for item in cast("list[Any]", value)]
        case _:
            return value


def _told(error: ValidationError | MisfitArguments) -> str:
    """Without what was given: a secret could be in it."""
    if isinstance(error, MisfitArguments):
        return str(error)
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}"
