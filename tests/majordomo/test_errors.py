"""The error tree: one line each, typed fields, and a way through pickle."""

import pickle

import pytest

from majordomo.agent import Agent, MaxSteps
from majordomo.errors import (
    APIError,
    ConfigError,
    ErrorKind,
    MajordomoError,
    MissingExtra,
    UnknownModel,
    UnsupportedRequest,
    classify,
    close_names,
    did_you_mean,
)
from majordomo.llm import FinishReason, Response, StreamInterrupted, Target, assistant
from majordomo.providers.fake import FakeProvider


def api_error(**fields):
    known = {"provider": "openai", "model": "m", "kind": ErrorKind.TRANSIENT}
    return APIError("slow down", **{**known, **fields})


def test_an_api_error_says_where_what_and_when_to_come_back():
    error = api_error(status=429, code="slow_down", request_id="req_1", retry_after_s=2.5)
    said = "openai/m: 429 slow_down: slow down (request req_1, retry after 2.5 s)"
    assert str(error) == said


def test_an_api_error_says_no_more_than_it_knows():
    assert str(api_error(model="")) == "openai: slow down"


def test_the_body_of_an_error_is_an_excerpt():
    assert len(api_error(body="x" * 5000).body) == 2048


def test_the_attempt_can_be_noted():
    error = api_error()
    assert error.with_attempt(3) is error
    assert error.attempt == 3


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (api_error(kind=ErrorKind.QUOTA), ErrorKind.QUOTA),
        (UnsupportedRequest("no images"), ErrorKind.UNSUPPORTED),
        (ConfigError("no"), ErrorKind.PERMANENT),
        (OSError("no"), ErrorKind.LOCAL),
    ],
)
def test_every_failure_has_a_kind(error, kind):
    assert classify(error) is kind


@pytest.mark.parametrize(
    "error",
    [
        api_error(status=429, retry_after_s=1.0, attempt=2),
        UnknownModel("opnai/x", known=["openai/x"], hint="registered providers: openai"),
        MissingExtra("the command line", extra="cli"),
        UnsupportedRequest("no images", provider="p", model="m"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_errors_survive_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__


async def test_a_partial_run_survives_pickling_with_its_error():
    provider = FakeProvider()
    with pytest.raises(MaxSteps) as caught:
        await Agent(provider.model("m"), max_steps=0).run("go")
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.partial.messages == caught.value.partial.messages


def test_an_interrupted_stream_is_never_safe_to_replay():
    partial = Response(
        message=assistant("half"), finish_reason=FinishReason.OTHER, target=Target("p", "m")
    )
    error = api_error(status=529, safe_to_replay=True)
    interrupted = StreamInterrupted.after(error, partial)
    assert interrupted.partial.text == "half"
    assert interrupted.status == 529
    assert not interrupted.safe_to_replay
    assert error.safe_to_replay


def test_a_missing_extra_names_the_command():
    assert str(MissingExtra("the table", extra="cli")) == (
        "the table needs an extra: pip install 'executus[cli]'"
    )


def test_an_unknown_model_is_one_sentence_with_a_suggestion():
    error = UnknownModel("opnai/x", known=["openai/x", "fake/x"], hint="registered: openai")
    assert str(error) == ("unknown model 'opnai/x'; did you mean 'openai/x'? (registered: openai)")
    assert str(UnknownModel("zz")) == "unknown model 'zz'"


def test_one_except_catches_both_layers():
    from executus.errors import BudgetExceeded, RunRejected, SetupError

    assert issubclass(BudgetExceeded, RunRejected)
    assert issubclass(RunRejected, MajordomoError)
    assert issubclass(SetupError, MajordomoError)


class NeverRead(str):
    """A known name whose characters nobody may look at: a bound has been passed."""

    __slots__ = ()

    def __iter__(self):
        raise AssertionError("compared")


def test_the_closest_known_name_is_offered_and_no_distant_one():
    assert did_you_mean("opnai", ["ollama", "openai"]) == "; did you mean 'openai'?"
    assert did_you_mean("box", ["ollama", "openai"]) == ""
    assert close_names("ab1", ["ab2", "ab3", "zz"]) == ["ab3", "ab2"]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("x" * 101, [NeverRead("x" * 100)]),
        ("x" * 100, [NeverRead("x" * 101)]),
        ("x", [*(["y"] * 1000), NeverRead("x")]),
    ],
)
def test_looking_for_a_close_name_compares_a_bounded_number_of_characters(name, known):
    assert did_you_mean(name, known) == ""
