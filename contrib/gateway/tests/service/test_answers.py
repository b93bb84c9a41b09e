"""What code is given of an answer: without secrets, and good where the call was."""

import pytest
from executus_gateway.ports import Credential
from executus_gateway.schema import AuthScheme, RunId, ToolError, ToolFailed, ToolOk
from executus_gateway.service.answers import Answers


def given(result, secret):
    scheme = AuthScheme(name="key", placement="header", key="X")
    return Answers(RunId("run_1"), [Credential(scheme=scheme, value=secret)], None).given(result)


@pytest.mark.parametrize("secret", ["12345678", "true"])
async def test_a_secret_that_stands_as_a_number_or_a_word_leaves_the_call_good(secret):
    result = await given(ToolOk(data={"id": 12345678, "done": True}), secret)
    assert result.ok
    assert secret not in result.data
    assert "[secret key]" in result.data


async def test_a_failure_that_holds_a_secret_as_a_number_stays_the_failure_it_is():
    error = ToolError(code="tool_error", status=400, message="no", detail={"id": 12345678})
    result = await given(ToolFailed(error=error), "12345678")
    assert (result.error.code, result.error.status) == ("tool_error", 400)
    assert "12345678" not in result.model_dump_json()
