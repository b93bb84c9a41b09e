"""A secret is found in every form it is said to be found in, and nothing else is touched."""

import base64
import copy
import html
import json
import logging
import pickle
import textwrap
import urllib.parse

import pytest

from majordomo.llm import (
    BadArguments,
    Scrubber,
    Secrets,
    Toolbox,
    ToolCallPart,
    ToolContext,
    tool,
)

VALUES = [
    "ghp_c4n4ry0123456789",
    'quo"te\\back/slash+plus&amp',
    "pass word with  spaces",
    "pässwörd-ключ-🔑🔑",
    "per%41cent%2Fish",
    "abcd",
    "-----BEGIN KEY-----\nMIIEvAIBADANBgkqhkiG9w0B\nAQEFAASCBKYwggSiAgEAAoIB\n-----END KEY-----",
]


def b64(value):
    return base64.b64encode(value.encode()).decode()


FORMS = {
    "plain": lambda v: v,
    "json": json.dumps,
    "json unicode": lambda v: json.dumps(v, ensure_ascii=False),
    "json in json": lambda v: json.dumps(json.dumps({"a": v})),
    "repr": repr,
    "every character escaped": lambda v: "".join(
        f"\\u{unit:04X}" for unit in memoryview(v.encode("utf-16-le")).cast("H")
    ),
    "percent": lambda v: urllib.parse.quote(v, safe=""),
    "percent, lower case": lambda v: urllib.parse.quote(v, safe="").lower() if v.isascii() else v,
    "form": urllib.parse.quote_plus,
    "percent twice": lambda v: urllib.parse.quote(urllib.parse.quote(v)),
    "percent in json": lambda v: json.dumps({"url": f"http://h/?k={urllib.parse.quote(v)}"}),
    "html": html.escape,
    "html, decimal": lambda v: "".join(f"&#{ord(c)};" for c in v),
    "lines": "\n  ".join,
    "lines in json": lambda v: json.dumps("\r\n".join(textwrap.wrap(v, 7, drop_whitespace=False))),
    "base64": b64,
    "base64, url": lambda v: base64.urlsafe_b64encode(v.encode()).decode(),
    "base64 after one": lambda v: b64("u" + v),
    "base64 of a header": lambda v: b64(f"us:{v}:tail"),
    "base64 in lines": lambda v: base64.encodebytes(f"{'x' * 60}{v}{'y' * 90}".encode()).decode(),
    "base64 in lines in json": lambda v: json.dumps(base64.encodebytes(v.encode()).decode()),
    "hex": lambda v: v.encode().hex(),
}


def scrubber(**values):
    made = Scrubber()
    for name, value in values.items():
        made.add(name, value)
    return made


def decodings(text):
    """All that someone who wants the value could read out of a text."""
    yield text
    for decode in (
        json.loads,
        lambda t: json.loads(str(json.loads(t))),
        urllib.parse.unquote,
        urllib.parse.unquote_plus,
        lambda t: urllib.parse.unquote(urllib.parse.unquote(t)),
        html.unescape,
        lambda t: base64.b64decode(t).decode("utf-8", "replace"),
        lambda t: bytes.fromhex(t).decode("utf-8", "replace"),
        lambda t: t.encode().decode("unicode_escape"),
    ):
        try:
            yield str(decode(text))
        except ValueError:
            continue


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_taken_out_in_every_form(form, value):
    # Lower case changes the value itself, not only its encoding.
    value = value.lower() if form == "percent, lower case" else value
    written = FORMS[form](value)
    clean = scrubber(key=value).scrub(f"before: {written} :behind")
    assert "[secret key]" in clean
    assert clean.startswith("before: ")
    assert clean.endswith(":behind")
    for text in decodings(clean.removeprefix("before: ").removesuffix(" :behind")):
        assert "".join(value.split()) not in "".join(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing here",
        '{"a": "\\u00e4\\n%20&amp;"}',
        "ghp_c4n4ry012345678",
        "\\",
        "%",
        "%4",
        "&;",
    ],
)
def test_a_text_without_secrets_is_left_as_it_is(text):
    assert scrubber(key=VALUES[0]).scrub(text) is text


def test_what_stands_around_a_secret_stays():
    text = 'a\\n"b" %41 &lt; ghp_c4n4ry0123456789, \\u00e4 ghp_c4n4ry\n0123456789.'
    clean = scrubber(key=VALUES[0]).scrub(text)
    assert clean == 'a\\n"b" %41 &lt; [secret key], \\u00e4 [secret key].'


def test_overlapping_secrets_leave_nothing_of_either():
    found = scrubber(a="AAAABBBB", b="BBBBCCCC").scrub("x AAAABBBBCCCC y AAAABBBB z")
    assert found == "x [secret a] y [secret a] z"


def test_a_secret_that_repeats_itself_is_taken_out_whole():
    assert scrubber(a="abab").scrub("x ababab y") == "x [secret a] y"


def test_one_line_of_a_key_is_taken_out():
    assert scrubber(pem=VALUES[-1]).scrub("bad: MIIEvAIBADANBgkqhkiG9w0B") == "bad: [secret pem]"


def test_a_value_too_short_to_look_for_is_left():
    assert not scrubber(a="abc", b=" a b c ", c="")


def test_secrets_are_a_mapping_that_shows_its_names():
    secrets = Secrets({"github": VALUES[0]})
    assert secrets["github"] == VALUES[0]
    assert (list(secrets), len(secrets), "x" in secrets, secrets.get("x")) == (
        ["github"],
        1,
        False,
        None,
    )
    assert repr(secrets) == str(secrets) == "Secrets('github')"
    with pytest.raises(KeyError, match=r"no secret 'gitlab'.*given: github.*policy must name it"):
        secrets["gitlab"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_secrets_are_not_pickled(protocol):
    secrets = Secrets({"github": VALUES[0]})
    context = ToolContext(deps=None, call=ToolCallPart(id="1", name="x"), secrets=secrets)
    for holder in (secrets, context, scrubber(key=VALUES[0])):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(holder, protocol)
    assert pickle.loads(pickle.dumps(Secrets(), protocol)) == {}


def test_a_copy_of_secrets_is_the_same():
    secrets = Secrets({"github": VALUES[0]})
    assert copy.copy(secrets) is copy.deepcopy(secrets) is secrets


def test_a_context_made_with_a_plain_mapping_shows_names_only():
    call = ToolCallPart(id="1", name="x")
    context = ToolContext(deps=None, call=call, secrets={"github": VALUES[0]})
    assert context.secrets["github"] == VALUES[0]
    assert VALUES[0] not in repr(context)
    assert ToolContext(deps=None, call=call).secrets == {}


@tool(inline=True)
def tell(ctx: ToolContext, how: str) -> object:
    """Tell the secret in one of the ways a tool can."""
    value = ctx.secrets["key"]
    match how:
        case "value":
            return {"headers": [value]}
        case "long":
            return "x \n" * 30_000 + value
        case "arguments":
            raise BadArguments(f"not {value}")
        case "cut":
            raise ValueError("x" * 1965 + value)
        case "cause":
            raise RuntimeError("outer") from ValueError(value)
        case _:
            raise ValueError(f"token {value} was refused")


async def executed(how, caplog=None):
    if caplog is not None:
        caplog.set_level(logging.DEBUG)
    call = ToolCallPart(id="1", name="tell", arguments=json.dumps({"how": how}))
    return await Toolbox([tell]).execute(call, secrets=Secrets({"key": VALUES[0]}))


@pytest.mark.parametrize("how", ["value", "long", "arguments", "cut", "cause", "raise"])
async def test_a_toolbox_lets_no_secret_out(how, caplog):
    result = await executed(how, caplog)
    assert result.is_error is (how not in ("value", "long"))
    assert VALUES[0][:8] not in result.text + caplog.text
    assert ("[secret key]" in result.text) is (how not in ("cause", "cut"))


async def test_a_traceback_is_still_logged_without_the_secret(caplog):
    await executed("cause", caplog)
    assert "ValueError: [secret key]" in caplog.text
    assert "RuntimeError: outer" in caplog.text
    assert all(record.exc_info is None for record in caplog.records)
