"""`scheme://[user:]token@host[:port][/base][?options]`: every form, well and badly written."""

import pickle
import string
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from leaks import everything_shown

from majordomo.dsn import DSN, DSNError, parse_dsn
from majordomo.errors import ConfigError

CANARY = "sk-c4nary"


def read(value):
    return parse_dsn("LLM_M1", value)


def test_every_part_is_read():
    dsn = read("foreman://me:s3cret@host.example:8443/api/v2?timeout=90&vision=0&tls=0")
    assert dsn == DSN(
        variable="LLM_M1",
        scheme="foreman",
        user="me",
        token="s3cret",
        host="host.example",
        port=8443,
        base="/api/v2",
        tls=False,
        options={"timeout": 90.0, "vision": False},
    )
    assert dsn.name == "m1"
    assert dsn.url() == "http://host.example:8443/api/v2"


def test_what_is_left_out_is_not_invented():
    dsn = read("foreman://token@host")
    assert dsn == DSN(variable="LLM_M1", scheme="foreman", token="token", host="host")
    assert (dsn.user, dsn.port, dsn.base, dsn.tls, dsn.options) == ("", None, None, True, {})
    assert dsn.url() == "https://host"


@pytest.mark.parametrize(
    ("value", "user", "token"),
    [
        ("x://host", "", None),
        ("x://@host", "", None),
        ("x://tok@host", "", "tok"),
        ("x://:tok@host", "", "tok"),
        ("x://user:tok@host", "user", "tok"),
        ("x://us%3Aer:t%3Ao%40k@host", "us:er", "t:o@k"),
        ("x://a%2Fb%3Fc%23d%25e@host", "", "a/b?c#d%e"),
        ("x://a:b:tok@host", "a:b", "tok"),
        ("x://a@b@host", "", "a@b"),
        ("x://m%C3%BCller:tok@host", "müller", "tok"),
        ("x://to+k@host", "", "to+k"),
        ("x://to%20k@host", "", "to k"),
        ("x://sk-ant_~!$&'()*,;=@host", "", "sk-ant_~!$&'()*,;="),
    ],
)
def test_credentials_are_decoded(value, user, token):
    dsn = read(value)
    assert (dsn.user, dsn.token, dsn.host) == (user, token, "host")


@pytest.mark.parametrize(
    ("where", "host", "port", "url"),
    [
        ("host", "host", None, "https://host"),
        ("HOST.Example", "HOST.Example", None, "https://HOST.Example"),
        ("host:1", "host", 1, "https://host:1"),
        ("host:65535", "host", 65535, "https://host:65535"),
        ("host:00443", "host", 443, "https://host:443"),
        ("my_host.", "my_host.", None, "https://my_host."),
        ("h", "h", None, "https://h"),
        ("127.0.0.1:8080", "127.0.0.1", 8080, "https://127.0.0.1:8080"),
        ("[::1]", "::1", None, "https://[::1]"),
        ("[::1]:8080", "::1", 8080, "https://[::1]:8080"),
        (
            "[2001:db8::8:800:200c:417a]",
            "2001:db8::8:800:200c:417a",
            None,
            "https://[2001:db8::8:800:200c:417a]",
        ),
        ("[::ffff:10.0.0.1]:443", "::ffff:10.0.0.1", 443, "https://[::ffff:10.0.0.1]:443"),
        ("h%6Fst", "host", None, "https://host"),
    ],
)
def test_hosts_and_ports(where, host, port, url):
    for value in (f"x://{where}", f"x://u:t@{where}"):
        dsn = read(value)
        assert (dsn.host, dsn.port, dsn.url()) == (host, port, url)


@pytest.mark.parametrize(
    ("path", "base", "url"),
    [
        ("", None, "/v1"),
        ("/", "", ""),
        ("//", "", ""),
        ("/api", "/api", "/api"),
        ("/api/", "/api", "/api"),
        ("//api//", "/api", "/api"),
        ("/a/b/c", "/a/b/c", "/a/b/c"),
        ("/a%2Fb/c%41", "/a%2Fb/c%41", "/a%2Fb/c%41"),
        ("/a%FF", "/a%FF", "/a%FF"),
        ("/a b/é", "/a%20b/%C3%A9", "/a%20b/%C3%A9"),
        ("/a:b;c=d,e!$&'()*+~", "/a:b;c=d,e!$&'()*+~", "/a:b;c=d,e!$&'()*+~"),
        ("/a[b]", "/a%5Bb%5D", "/a%5Bb%5D"),
        ("?vision=1", None, "/v1"),
        ("/?vision=1", "", ""),
    ],
)
def test_the_base_is_kept_as_urls_carry_it(path, base, url):
    dsn = read(f"x://t@host{path}")
    assert dsn.base == base
    assert dsn.url("/v1") == f"https://host{url}"


@pytest.mark.parametrize(
    ("value", "tls"),
    [
        ("openai://h", True),
        ("openai-compatible://h", True),
        ("foreman://h", True),
        ("ollama-cloud://h", True),
        ("ollama://h", False),
        ("llama-swap://h", False),
        ("LLAMA-SWAP://h", False),
        ("openai://h?tls=0", False),
        ("openai://h?tls=false", False),
        ("openai://h?tls=1", True),
        ("ollama://h?tls=1", True),
        ("ollama://h?tls=TRUE", True),
        ("ollama://h?tls=0", False),
    ],
)
def test_the_scheme_and_one_option_say_whether_it_is_https(value, tls):
    dsn = read(value)
    assert dsn.tls is tls
    assert dsn.url() == ("https://h" if tls else "http://h")
    assert "tls" not in dsn.options


SWITCHES = [
    "vision",
    "legacy_max_tokens",
    "stream_usage",
    "strict",
    "forced_tool_choice",
    "parallel_tool_calls",
    "sampling_extras",
    "string_content",
    "null_content",
]


@pytest.mark.parametrize("name", SWITCHES)
def test_switches_are_bools(name):
    for text, value in [("1", True), ("0", False), ("true", True), ("False", False), ("%31", True)]:
        assert read(f"x://h?{name}={text}").options[name] is value
    for text in ["", "2", "yes", "01", "on"]:
        with pytest.raises(DSNError, match=f"option '{name}' must be one of 1, 0, true, false"):
            read(f"x://h?{name}={text}")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1", 1.0),
        ("90", 90.0),
        ("0.5", 0.5),
        ("000000000.000000001", 1e-9),
        ("999999999", 999999999.0),
        ("none", None),
    ],
)
def test_a_timeout_is_seconds_or_none(text, seconds):
    assert read(f"x://h?timeout={text}").options == {"timeout": seconds}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.0",
        "-1",
        "+1",
        "1e3",
        "inf",
        "nan",
        "None",
        "1.",
        ".5",
        "1s",
        "1000000000",
        "\uff11",
    ],
)
def test_a_timeout_of_another_form_is_refused(text):
    with pytest.raises(DSNError) as caught:
        read(f"x://h?timeout={text}")
    assert caught.value.fault == "option 'timeout' must be a number of seconds above 0, or none"


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("wire", ["auto", "chat", "responses"]),
        ("system_role", ["system", "developer"]),
        ("output", ["native", "json_object", "tool", "instruction"]),
    ],
)
def test_choices_are_text_out_of_a_list(name, choices):
    for choice in choices:
        assert read(f"x://h?{name}={choice}").options == {name: choice}
    with pytest.raises(DSNError) as caught:
        read(f"x://h?{name}={CANARY}")
    assert caught.value.fault == f"option {name!r} must be one of {', '.join(choices)}"


def test_a_misspelt_option_is_pointed_at():
    with pytest.raises(DSNError) as caught:
        read("x://h?tls=1&vison=0")
    assert caught.value.fault.startswith("its option 2 is unknown; did you mean 'vision'?; known")
    assert ", ".join(["tls", "timeout", "wire", "vision"]) in caught.value.fault


MALFORMED = [
    # no scheme, or none that could be one
    (CANARY, "must begin with a scheme"),
    ("", "must begin with a scheme"),
    (f"{CANARY}@host", "must begin with a scheme"),
    (f"://{CANARY}@host", "must begin with a scheme"),
    (f"openai:/{CANARY}@host", "must begin with a scheme"),
    (f"openai:{CANARY}@host", "must begin with a scheme"),
    (f"{CANARY}_://host", "must begin with a scheme"),
    (f"1{CANARY}://host", "must begin with a scheme"),
    (f"op enai://{CANARY}@host", "must begin with a scheme"),
    (f"{CANARY}@openai://host", "must begin with a scheme"),
    (f"é{CANARY}://host", "must begin with a scheme"),
    # characters that would end the token
    (f"openai://a#{CANARY}@host", "holds a '#'"),
    (f"openai://{CANARY}#@host", "holds a '#'"),
    (f"openai://host#{CANARY}", "holds a '#'"),
    (f"openai://t@host?wire=#{CANARY}", "holds a '#'"),
    (f"openai://a/{CANARY}@host", "an '@' follows a '/'"),
    (f"openai://a?{CANARY}@host", "an '@' follows a '?'"),
    (f"openai://t@host/{CANARY}@x", "an '@' follows a '/'"),
    (f"openai://t@host?wire={CANARY}@x", "an '@' follows a '?'"),
    # credentials
    (f"openai://{CANARY}:@host", "the token after ':' is empty"),
    (f"openai://:@{CANARY}", "the token after ':' is empty"),
    (f"openai://{CANARY}%@host", "the token has a '%' that begins no escape"),
    (f"openai://{CANARY}%2@host", "the token has a '%' that begins no escape"),
    (f"openai://{CANARY}%zz@host", "the token has a '%' that begins no escape"),
    (f"openai://{CANARY}%:t@host", "the user has a '%' that begins no escape"),
    (f"openai://{CANARY}%FF@host", "the token is not UTF-8"),
    (f"openai://{CANARY}%C3:t@host", "the user is not UTF-8"),
    (f"openai://{CANARY}%0A@host", "the token has characters that a header cannot carry"),
    (f"openai://{CANARY}%0D%0Ax%3A y@host", "the token has characters that a header cannot carry"),
    (f"openai://{CANARY}%00@host", "the token has characters that a header cannot carry"),
    (f"openai://{CANARY}\t@host", "the token has characters that a header cannot carry"),
    (f"openai://{CANARY}é@host", "the token has characters that a header cannot carry"),
    (f"openai://{CANARY}\udcff@host", "the token is not UTF-8"),
    (f"openai://{CANARY}\udcff:t@host", "the user is not UTF-8"),
    # host
    (f"openai://{CANARY}@", "the host is missing"),
    ("openai://", "the host is missing"),
    (f"openai://{CANARY}@/v1", "the host is missing"),
    (f"openai://{CANARY}@:8080", "the host is missing"),
    (f"openai://?wire={CANARY}", "option 'wire' must be one of"),
    ("openai://?vision=1", "the host is missing"),
    (f"openai://t@{CANARY} x", "the host has characters other than"),
    (f"openai://t@{CANARY}%2Fx", "the host has characters other than"),
    (f"openai://t@{CANARY}%40x", "the host has characters other than"),
    (f"openai://t@{CANARY}%", "the host has a '%' that begins no escape"),
    (f"openai://t@{CANARY}%FF", "the host is not UTF-8"),
    (f"openai://t@{CANARY}\udcff", "the host is not UTF-8"),
    (f"openai://t@{CANARY}-", "the host has characters other than"),
    (f"openai://t@-{CANARY}", "the host has characters other than"),
    (f"openai://t@.{CANARY}", "the host has characters other than"),
    (f"openai://t@{CANARY}é", "the host has characters other than"),
    (f"openai://t@{CANARY}\n.x", "the host has characters other than"),
    (f"openai://{CANARY}:a:b", "the host has several ':'"),
    (f"openai://t@::1{CANARY}", "the host has several ':'"),
    (f"openai://t@[{CANARY}]", "the host is no IPv6 address in brackets"),
    (f"openai://t@[::1{CANARY}", "the host is no IPv6 address in brackets"),
    (f"openai://t@[::1]{CANARY}", "the host is no IPv6 address in brackets"),
    (f"openai://t@[]:{CANARY}", "the host is no IPv6 address in brackets"),
    (f"openai://t@[::1%25{CANARY}]", "the host is no IPv6 address in brackets"),
    (f"openai://t@[127.0.0.1]:{CANARY}", "the host is no IPv6 address in brackets"),
    # port
    (f"openai://user:{CANARY}", "the port is no number from 1 to 65535"),
    (f"openai://t@host:{CANARY}", "the port is no number from 1 to 65535"),
    (f"openai://{CANARY}:0", "the port is no number from 1 to 65535"),
    (f"openai://{CANARY}:65536", "the port is no number from 1 to 65535"),
    (f"openai://{CANARY}:000443", "the port is no number from 1 to 65535"),
    (f"openai://{CANARY}:-1", "the port is no number from 1 to 65535"),
    (f"openai://{CANARY}:+1", "the port is no number from 1 to 65535"),
    (f"openai://{CANARY}:", "the port is no number from 1 to 65535"),
    (f"openai://{CANARY}:٣", "the port is no number from 1 to 65535"),
    (f"openai://t@[::1]:{CANARY}", "the port is no number from 1 to 65535"),
    (f"openai://{CANARY}@[::1]:", "the port is no number from 1 to 65535"),
    # path
    (f"openai://t@host/{CANARY}%", "the path has a '%' that begins no escape"),
    (f"openai://t@host/{CANARY}%2", "the path has a '%' that begins no escape"),
    (f"openai://t@host/{CANARY}\udcff", "the path is not UTF-8"),
    # options
    (f"openai://t@host?{CANARY}", "its option 1 is unknown"),
    (f"openai://t@host?{CANARY}=1", "its option 1 is unknown"),
    (f"openai://t@host?tls=1&{CANARY}=1", "its option 2 is unknown"),
    (f"openai://t@host?vision=0&{CANARY}vision=1", "its option 2 is unknown"),
    (f"openai://{CANARY}@host?tls=1&", "its option 2 is unknown"),
    (f"openai://{CANARY}@host?&tls=1", "its option 1 is unknown"),
    (f"openai://{CANARY}@host?VISION=1", "its option 1 is unknown"),
    (f"openai://{CANARY}@host?tls=0&tls=0", "option 'tls' stands there twice"),
    (f"openai://t@host?tls={CANARY}", "option 'tls' must be one of"),
    (f"openai://t@host?timeout={CANARY}", "option 'timeout' must be a number of seconds"),
    (f"openai://t@host?timeout=1?{CANARY}", "option 'timeout' must be a number of seconds"),
    (f"openai://t@host?wire={CANARY}", "option 'wire' must be one of"),
    (f"openai://t@host?wire={CANARY}%", "option 'wire' has a '%' that begins no escape"),
    (f"openai://t@host?wire={CANARY}%FF", "option 'wire' is not UTF-8"),
    (f"openai://{CANARY}@host?tls", "option 'tls' must be one of"),
]


@pytest.mark.parametrize(("value", "fault"), MALFORMED, ids=range(len(MALFORMED)))
def test_a_value_that_cannot_be_read_is_told_without_any_piece_of_it(value, fault):
    with pytest.raises(DSNError) as caught:
        read(value)
    error = caught.value
    assert error.variable == "LLM_M1"
    assert fault in error.fault
    assert str(error) == f"LLM_M1: {error.fault}"
    assert "\n" not in str(error)
    assert error.__context__ is None
    assert error.__cause__ is None
    shown = everything_shown(error)
    assert "c4nary" not in shown.lower()
    assert value == "" or value not in shown


def test_the_error_is_a_config_error_that_survives_pickling():
    with pytest.raises(ConfigError) as caught:
        read(CANARY)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (DSNError, str(caught.value))
    assert (again.variable, again.fault) == ("LLM_M1", caught.value.fault)


def test_a_declaration_shows_no_credential():
    dsn = read(f"openai://us3r:{CANARY}@host/v1?vision=0")
    assert CANARY not in repr(dsn)
    assert "us3r" not in repr(dsn)
    assert CANARY not in dsn.url()
    assert "us3r" not in dsn.url()


def test_surrounding_whitespace_does_not_count():
    assert read(" \n openai://tok@host \t").token == "tok"
    assert read(" \n openai://tok@host\n").host == "host"


# -- round trip and fuzz --------------------------------------------------------------------------

names = st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,10}[A-Za-z0-9_.])?", fullmatch=True)
ports = st.none() | st.integers(1, 65535)
printable = st.text(string.ascii_letters + string.digits + string.punctuation + " ", min_size=1)
paths = st.none() | st.lists(st.text("abcXYZ019-._~!$&'()*+,;=:%é \n[]", min_size=1), max_size=3)
seconds = st.none() | st.floats(0.001, 1e8).map(lambda s: round(s, 3))
options = st.fixed_dictionaries(
    {},
    optional={
        "tls": st.booleans(),
        "timeout": seconds,
        "output": st.sampled_from(["native", "json_object", "tool", "instruction"]),
        **{name: st.booleans() for name in SWITCHES},
    },
)


def written(value):
    if isinstance(value, bool):
        return str(int(value))
    return "none" if value is None else f"{value:.3f}" if isinstance(value, float) else value


@settings(deadline=None)
@given(
    scheme=st.sampled_from(["openai", "ollama", "llama-swap", "x+y.z-1"]),
    user=st.just("") | st.text(min_size=1),
    token=st.none() | printable,
    host=names | st.ip_addresses(v=6).map(str),
    port=ports,
    segments=paths,
    options=options,
    shuffle=st.randoms(use_true_random=False),
)
def test_what_is_written_by_the_rules_is_read_as_it_was_meant(
    scheme, user, token, host, port, segments, options, shuffle
):
    user = user if token else ""
    value = f"{scheme}://"
    if token:
        value += f"{quote(user, safe='') + ':' if user else ''}{quote(token, safe='')}@"
    value += (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    base = None if segments is None else "/".join(quote(s, safe="") for s in segments)
    value += "" if base is None else f"/{base}"
    items = list(options.items())
    shuffle.shuffle(items)
    if items:
        value += "?" + "&".join(f"{name}={quote(written(v), safe='')}" for name, v in items)
    tls = options.pop("tls", scheme not in ("ollama", "llama-swap"))
    dsn = read(value)
    assert dsn == DSN(
        variable="LLM_M1",
        scheme=scheme,
        user=user,
        token=token,
        host=host,
        port=port,
        base=base and f"/{base}" if base is not None else None,
        tls=tls,
        options=options,
    )
    shown = f"[{host}]" if ":" in host else host
    shown += f":{port}" if port else ""
    assert dsn.url() == f"{'https' if tls else 'http'}://{shown}{dsn.base or ''}"


any_text = st.text(st.characters(), max_size=40)  # surrogates too: they stand for undecodable bytes
alphabet = st.text("ax://@:[]%?#&=0 19.\té\udc80", max_size=30)
pieces = st.lists(
    st.sampled_from(["openai", "://", "tok", "@", ":", "/", "?", "&", "=", "#", "%", "%41", "%FF"])
    | st.sampled_from(["[", "]", "::1", "host", "80", "tls", "timeout", "1", "%0A", "\udcff", "é"]),
    max_size=14,
).map("".join)


@settings(deadline=None, max_examples=200)
@given(any_text | alphabet | pieces | st.builds("openai://{}".format, alphabet | pieces))
@example("x://h/\ud800")
def test_any_text_gives_a_declaration_or_a_dsn_error(value):
    try:
        dsn = read(value)
    except DSNError as error:
        dsn, fault = None, error
    if dsn is None:
        assert str(fault).isascii()
        assert fault.__context__ is None
        return
    assert dsn.host
    assert dsn.url().isascii()
    assert not any(char.isspace() for char in dsn.url())
    assert dsn.token is None or (dsn.token.isascii() and dsn.token.isprintable())


@pytest.mark.parametrize("value", ["openai://sk-proj-0123456789abcdef", "ollama://" + "x" * 20])
def test_a_token_without_its_host_is_not_taken_for_one(value):
    with pytest.raises(DSNError) as caught:
        read(value)
    assert caught.value.fault == "its host looks like a token; write scheme://token@host"
    assert "0123456789" not in everything_shown(caught.value)


@pytest.mark.parametrize("host", ["ollama", "inference-service.example-host", "x" * 30 + ":80"])
def test_a_host_without_a_token_may_have_any_usual_name(host):
    assert read(f"ollama://{host}").host == host.partition(":")[0]
