"""Allow-lists open what they name and nothing beside it; refusals say what to set."""

import pickle

import pytest
from egressnet import PUBLIC, PUBLIC_V6, Names, Wire

from executus.egress import BLOCKED_PORTS, Egress, EgressError, EgressFailed, EgressRefused
from executus.errors import ExecutusError, SetupError


def egress(names, wire, **settings):
    return Egress(resolver=names, connector=wire, **settings)


async def refusal(names, url, wire=None, **settings):
    wire = wire or Wire()
    with pytest.raises(EgressRefused) as caught:
        await egress(names, wire, **settings).fetch("GET", url)
    assert wire.dialled == []
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "data:text/plain,x",
        "javascript:alert(1)",
        "ws://example.com/",
        "unix:///run/docker.sock",
        "HTTPX://example.com/",
    ],
)
async def test_only_http_and_https(url):
    assert (await refusal(Names(), url)).reason == "scheme"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "url"),
        ("example.com", "url"),
        ("//example.com/", "url"),
        ("http:example.com", "url"),
        ("http:/example.com", "url"),
        ("http:///example.com", "url"),
        ("http://", "url"),
        (" http://example.com/", "url"),
        ("http://example.com/ ", "url"),
        ("http://example.com/\r\nx: y", "url"),
        ("http://exa\tmple.com/", "url"),
        ("ht\ntp://example.com/", "url"),
        ("http://example.com/\x00", "url"),
        ("http://example.com/\ud800", "url"),
        ("http:\\\\example.com\\", "url"),
        ("http://example.com\\@127.0.0.1/", "url"),
        ("http://example.com/a\\b", "url"),
        ("http://user:secret@example.com/", "url"),
        ("http://user@example.com/", "url"),
        ("http://@example.com/", "url"),
        ("http://example.com:80@127.0.0.1/", "url"),
        ("http://127.0.0.1#@example.com/", "address"),
        ("http://127.0.0.1?@example.com/", "address"),
        ("http://" + "a" * 20000, "url"),
        ("http://example.com:0/", "port"),
        ("http://example.com:65536/", "port"),
        ("http://example.com:99999999999/", "port"),
        ("http://example.com:8o/", "port"),
        ("http://example.com:-1/", "port"),
        ("http://example.com:\uff18\uff10/", "port"),
        ("http://example.com: 80/", "port"),
        ("http://[::1]:x/", "port"),
    ],
)
async def test_a_url_that_can_be_read_two_ways_is_refused(url, reason):
    error = await refusal(Names().set("example.com", PUBLIC), url)
    assert error.reason == reason
    assert "secret" not in str(error)


async def test_every_answer_is_checked_not_only_the_first():
    names = Names().set("mixed.example", f"{PUBLIC} {PUBLIC_V6} 10.0.0.5")
    error = await refusal(names, "https://mixed.example/")
    assert (error.reason, error.host, error.address) == ("address", "mixed.example", "10.0.0.5")
    assert "allow_hosts" in str(error)
    assert "'mixed.example'" in str(error)


async def test_an_allowed_name_may_be_internal_on_its_port_only():
    names = Names().set("searx.internal", "10.0.0.5")
    wire = Wire()
    allowed = egress(names, wire, allow_hosts={"Searx.Internal:8080"})
    assert (await allowed.fetch("GET", "http://searx.internal:8080/")).address == "10.0.0.5"
    for url in ("http://searx.internal/", "https://searx.internal/", "http://10.0.0.5:8080/"):
        await refusal(names, url, allow_hosts={"searx.internal:8080"})


async def test_an_allowed_name_without_a_port_is_open_on_all_but_blocked_ports():
    names = Names().set("searx.internal", "10.0.0.5")
    wire = Wire()
    for port in (80, 443, 8080):
        await egress(names, wire, allow_hosts=["searx.internal"]).fetch(
            "GET", f"http://searx.internal:{port}/"
        )
    assert len(wire.dialled) == 3
    error = await refusal(names, "http://searx.internal:25/", allow_hosts=["searx.internal"])
    assert error.reason == "port"


async def test_an_allowed_host_says_nothing_about_its_neighbours():
    names = Names().set("a.internal", "10.0.0.5").set("xa.internal", "10.0.0.5")
    for host in ("xa.internal", "10.0.0.5"):
        await refusal(names, f"http://{host}/", allow_hosts={"a.internal"})


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("10.1.0.0/16", "10.1.2.3", "10.2.0.0"),
        ("10.1.0.0/16", "::ffff:10.1.2.3", "::ffff:10.2.0.0"),
        ("10.1.0.0/16", "64:ff9b::10.1.2.3", "64:ff9b::10.2.0.0"),
        ("64:ff9b:1::/48", "64:ff9b:1::8.8.8.8", "64:ff9b:1::10.2.0.0"),
        ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
        ("fd12::/16", "fd12::1", "fd13::1"),
        ("::1/128", "::1", "::2"),
    ],
)
async def test_an_allowed_network_opens_exactly_itself(network, inside, outside):
    names = Names().set("in.test", inside).set("out.test", outside)
    wire = Wire()
    await egress(names, wire, allow_networks=[network]).fetch("GET", "http://in.test/")
    assert len(wire.dialled) == 1
    await refusal(names, "http://out.test/", allow_networks=[network])


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("169.254.0.0/16", "169.254.169.254"),
        ("0.0.0.0/0", "168.63.129.16"),
        ("100.64.0.0/10", "100.100.100.200"),
        ("fd00::/8", "fd00:ec2::254"),
        ("0.0.0.0/0", "::ffff:169.254.169.254"),
        ("::/0", "64:ff9b::a9fe:a9fe"),
        ("64:ff9b:1::/48", "64:ff9b:1::a9fe:a9fe"),
    ],
)
async def test_no_network_opens_cloud_metadata_but_an_exact_host_does(network, address):
    names = Names().set("imds.test", address)
    error = await refusal(names, "http://imds.test/", allow_networks=[network, "0.0.0.0/0"])
    assert error.reason == "address"
    assert "allow_networks" not in str(error)
    wire = Wire()
    await egress(names, wire, allow_hosts=["imds.test"]).fetch("GET", "http://imds.test/")
    assert len(wire.dialled) == 1


async def test_a_metadata_name_is_opened_by_its_exact_name():
    names = Names().set("metadata.google.internal", "169.254.169.254")
    wire = Wire()
    allowed = egress(names, wire, allow_hosts=["metadata.google.internal"])
    await allowed.fetch("GET", "http://metadata.google.internal/", headers={"Metadata-Flavor": "x"})
    assert wire.dialled == ["169.254.169.254"]


@pytest.mark.parametrize("port", sorted(BLOCKED_PORTS - {0}))
async def test_ports_of_other_services_are_refused(port):
    names = Names().set("a.example", PUBLIC)
    assert (await refusal(names, f"http://a.example:{port}/")).reason == "port"


async def test_the_only_ports_can_be_named():
    names = Names().set("a.example", PUBLIC).set("b.example", PUBLIC)
    settings = {"allow_ports": {443}, "allow_hosts": {"b.example:25"}}
    wire = Wire()
    await egress(names, wire, **settings).fetch("GET", "https://a.example/")
    await egress(names, wire, **settings).fetch("GET", "http://b.example:25/")
    assert len(wire.dialled) == 2
    error = await refusal(names, "http://a.example/", **settings)
    assert error.reason == "port"
    assert "'a.example:80'" in str(error)


@pytest.mark.parametrize("method", ["CONNECT", "connect", "TRACE", "TRACK", "", "GET /", "G\r\nT"])
async def test_methods_that_are_no_request_are_refused(method):
    wire = Wire()
    names = Names().set("a.example", PUBLIC)
    with pytest.raises(EgressRefused) as caught:
        await egress(names, wire).fetch(method, "http://a.example/")
    assert caught.value.reason == "method"
    assert wire.dialled == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "127.0.0.1"},
        {"host ": "127.0.0.1"},
        {"Connection": "upgrade"},
        {"Upgrade": "websocket"},
        {"Transfer-Encoding": "chunked"},
        {"Content-Length": "0"},
        {"Expect": "100-continue"},
        {"X\r\nHost": "a"},
        {"": "a"},
        {"X": "a\r\nhost: b"},
        {"X": "a\x00"},
        {"X": "\u0400"},
    ],
    ids=ascii,
)
async def test_headers_that_frame_or_address_the_message_are_refused(headers):
    wire = Wire()
    names = Names().set("a.example", PUBLIC)
    with pytest.raises(EgressRefused) as caught:
        await egress(names, wire).fetch("GET", "http://a.example/", headers=headers)
    assert caught.value.reason == "header"
    assert wire.dialled == []


@pytest.mark.parametrize(
    "settings",
    [
        {"allow_hosts": "a.internal"},
        {"allow_hosts": ["http://a.internal"]},
        {"allow_hosts": ["*.internal"]},
        {"allow_hosts": ["0x7f.1"]},
        {"allow_hosts": ["a.internal:99999"]},
        {"allow_hosts": ["::1"]},
        {"allow_networks": "10.0.0.0/8"},
        {"allow_networks": ["10.0.0.1/8"]},
        {"allow_networks": ["internal"]},
    ],
    ids=str,
)
def test_a_wrong_entry_of_an_allow_list_is_a_set_up_error(settings):
    with pytest.raises(SetupError):
        Egress(**settings)


async def test_an_ipv6_host_can_be_allowed():
    wire = Wire()
    await egress(Names(), wire, allow_hosts=["[::1]:8080"]).fetch("GET", "http://[::1]:8080/")
    assert wire.dialled == ["::1"]
    assert wire.asked[0].headers["host"] == "[::1]:8080"


async def test_a_name_without_an_address_fails_and_is_no_refusal():
    for names in (Names(), Names().set("nowhere.example", "")):
        with pytest.raises(EgressFailed) as caught:
            await egress(names, Wire()).fetch("GET", "http://nowhere.example/")
        assert caught.value.reason == "dns"


async def test_the_error_is_one_tree_and_survives_pickling():
    error = await refusal(Names().set("a.example", "10.0.0.1"), "http://a.example/p?token=secret")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is EgressRefused
    assert isinstance(again, EgressError)
    assert isinstance(again, ExecutusError)
    assert (str(again), again.reason, again.host, again.address) == (
        str(error),
        "address",
        "a.example",
        "10.0.0.1",
    )
    assert "secret" not in str(error)
