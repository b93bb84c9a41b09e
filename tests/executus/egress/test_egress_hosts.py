"""Every way known to spell a host so that a guard and a socket disagree."""

import pytest
from egressnet import PUBLIC, Names, Wire

from executus.egress import Egress, EgressRefused
from executus.egress.hosts import parse_host

# Spellings that are no host at all: refused before any lookup.
NOT_HOSTS = [
    # short forms
    "127.1",
    "127.0.1",
    "10.1",
    "0",
    "1",
    "192.168.257",
    # decimal
    "2130706433",
    "2852039166",
    "4294967295",
    "4294967296",
    "99999999999999999999",
    "017700000001",
    # octal
    "0177.0.0.1",
    "0177.0.0.01",
    "00000177.0.0.1",
    "127.0.0.01",
    "0251.0376.0251.0376",
    "0o177.0.0.1",
    "010.8.8.8",
    # hexadecimal
    "0x7f.0.0.1",
    "0x7f.1",
    "0X7F000001",
    "0x7f000001",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0x",
    "0x0",
    "127.0.0.0x1",
    "127.0.0.0x",
    "1.0x",
    # mixed and overlong
    "0x7f.0.0.01",
    "169.0376.43518",
    "256.0.0.1",
    "127.0.0.256",
    "1.2.3.4.5",
    "127.0.0.0.1",
    "127.0.0.1.1",
    "-127.0.0.1",
    "+127.0.0.1",
    "1_0.0.0.1.1",
    # labels
    ".",
    "..",
    ".example.com",
    "example..com",
    "example.com..",
    "127..0.0.1",
    ".127.0.0.1",
    "127.0.0.1..",
    "-a.example",
    "a-.example",
    "a" * 64 + ".example",
    ".".join(["a" * 60] * 5),
    # characters
    "",
    " ",
    "exam ple.com",
    "127.0.0.1 ",
    " 127.0.0.1",
    "127.0.0.1\t",
    "127.0.0.1\n",
    "127.0.0.1\r\nhost: x",
    "127.0.0.1\x00",
    "127.0.0.1\x00.example.com",
    "example.com\\",
    "example.com\\@127.0.0.1",
    "a@127.0.0.1",
    "127.0.0.1#.example.com",
    "127.0.0.1?.example.com",
    "127.0.0.1/.example.com",
    "exa$mple.com",
    "a,b.example",
    "<a>.example",
    "'a'.example",
    '"a".example',
    "{a}.example",
    "a|b.example",
    "a^b.example",
    "*.example.com",
    "a:b",
    # percent-encoded
    "127.0.0%2e1",
    "%31%32%37.0.0.1",
    "loc%61lhost",
    "%6c%6f%63%61%6c%68%6f%73%74",
    "%E2%91%A0",
    "127.0.0.1%00",
    "%",
    "example.com%25",
    # Unicode that becomes something else
    "127。0。0。1。1",
    "0x7f。1",
    "\uff10\uff58\uff17\uff46\uff0e\uff11",  # fullwidth 0x7f.1
    "\u2460\u2461\u2466.\u2460",  # circled 127.1
    "\uff12\uff11\uff13\uff10\uff17\uff10\uff16\uff14\uff13\uff13",  # fullwidth decimal
    "example.com\uff0f.evil.com",  # fullwidth slash
    "\u2100.example.com",  # a/c
    "example.com\uff20evil",  # fullwidth @
    "example\uff05.com",  # fullwidth percent
    "a\u3000b.example",  # ideographic space
    "a\u00a0b.example",  # no-break space
    "a\u202eb.example",  # right-to-left override
    "a\u0000b\u00e9.example",
    "a\ud800.example",  # lone surrogate
    "\u0660\u0661\u0662.example.",  # Arabic digits alone in a label
    "\u2603.\u2603\u2028",
    "xn--\u00e9.example",
    "é" * 2000,
    # brackets
    "[",
    "]",
    "[]",
    "[::1",
    "::1]",
    "[::1]x",
    "x[::1]",
    "[[::1]]",
    "[127.0.0.1]",
    "[::1%lo]",
    "[::1%25lo]",
    "[fe80::1%eth0]",
    "[fe80::1%25eth0]",
    "[2606:4700::1111%251]",
    "[v1.fe80::a]",
    "[::ffff:127.1]",
    "[::ffff:0177.0.0.1]",
    "[::ffff:0x7f000001]",
    "[:::1]",
    "[1::2::3]",
    "[12345::]",
    "[ ::1]",
    "[::1 ]",
    "[::\uff11]",
    "[::ffff:\uff11.0.0.1]",
]
# Well-formed spellings of addresses that are not public: refused for what they mean.
NOT_PUBLIC = [
    "127.0.0.1",
    "127.0.0.1.",
    "0.0.0.0",
    "255.255.255.255",
    "169.254.169.254",
    "169.254.169.254.",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "127。0。0。1",  # ideographic full stops
    "127\uff0e0\uff0e0\uff0e1",  # fullwidth full stops
    "127\uff610\uff610\uff611",  # halfwidth ideographic full stops
    "\uff11\uff12\uff17.0.0.1",  # fullwidth digits
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",  # circled digits
    "\u00b9\u00b2\u2077.0.0.1",  # superscripts
    "\u2081\u2082\u2087.0.0.1",  # subscripts
    "\U0001d7cf\U0001d7d0\U0001d7d5.0.0.1",  # mathematical bold digits
    "127\u00ad.0.0.1",  # soft hyphen, dropped by the mapping
    "127.0.0.\u200b1",  # zero-width space, dropped by the mapping
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:A9FE:A9FE]",
    "[0:0:0:0:0:ffff:169.254.169.254]",
    "[::ffff:168.63.129.16]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::168.63.129.16]",
    "[64:ff9b:1::8.8.8.8]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::]",
    "[2002:a83f:8110::]",
    "[2001:0:7f00:1::]",
    "[2001:0:808:808::80ff:fffe]",
    "[2606:4700::5efe:10.0.0.1]",
    "[2606:4700::200:5efe:10.0.0.1]",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "[fe80::a9fe:a9fe]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[100::1]",
]
METADATA_NAMES = [
    "metadata.google.internal",
    "METADATA.google.INTERNAL.",
    "\uff4detadata.google.internal",
    "metadata.goog",
    "metadata",
    "instance-data",
]
# Names that only look like addresses or attacks; they are looked up, and judged by the answer.
NAMES = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54",
    "loc\u00adalhost",
    "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",
    "127.0.0.1.nip.io",
    "0x7f.example.com",
    "1.2.3.4.example",
    "2130706433.example",
    "0x7g",
    "1e3",
    "127.0.0.1e0",
    "a_b.example",
]


def test_there_are_rows_enough():
    assert len(set(NOT_HOSTS)) == len(NOT_HOSTS)
    assert len(NOT_HOSTS) + len(NOT_PUBLIC) + len(NAMES) >= 180


@pytest.mark.parametrize("raw", NOT_HOSTS, ids=ascii)
def test_what_can_be_misread_is_no_host(raw):
    with pytest.raises(EgressRefused) as caught:
        parse_host(raw)
    assert caught.value.reason == "host"
    # What misleads a parser must not mislead who reads the message.
    assert str(caught.value).isprintable()
    assert str(caught.value).isascii()


@pytest.mark.parametrize("raw", NOT_HOSTS + NOT_PUBLIC + METADATA_NAMES + NAMES, ids=ascii)
async def test_no_spelling_reaches_a_socket(raw):
    """Whatever the parser makes of it, and whoever answers the lookup: nothing is dialled."""

    class Anywhere:
        async def resolve(self, host, port):
            return [parse_host("127.0.0.1").address]

    wire = Wire()
    for scheme in ("http", "https"):
        with pytest.raises(EgressRefused):
            await Egress(resolver=Anywhere(), connector=wire).fetch("GET", f"{scheme}://{raw}/")
    assert wire.dialled == []


@pytest.mark.parametrize("raw", NOT_PUBLIC, ids=ascii)
async def test_an_address_is_refused_for_what_it_means_without_a_lookup(raw):
    names = Names()
    with pytest.raises(EgressRefused) as caught:
        await Egress(resolver=names, connector=Wire()).fetch("GET", f"http://{raw}/")
    assert caught.value.reason == "address"
    assert names.asked == []


@pytest.mark.parametrize("raw", METADATA_NAMES, ids=ascii)
async def test_a_metadata_name_is_refused_whatever_it_resolves_to(raw):
    names = Names().set(parse_host(raw).text, PUBLIC)
    with pytest.raises(EgressRefused) as caught:
        await Egress(resolver=names, connector=Wire()).fetch("GET", f"http://{raw}/")
    assert caught.value.reason == "host"
    assert names.asked == []


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("faß.de", "xn--fa-hia.de"),
        ("日本語。jp", "xn--wgv71a119e.jp"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("مثال.إختبار", "xn--mgbh0fb.xn--kgbechtv"),
        ("r3---sn-a.googlevideo.com", "r3---sn-a.googlevideo.com"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("8.8.8.8", "8.8.8.8"),
        ("\uff18.\uff18.\uff18.\uff18", "8.8.8.8"),
        ("[2606:4700:0:0::1111]", "2606:4700::1111"),
        ("[2606:4700::AbCd]", "2606:4700::abcd"),
    ],
)
def test_a_host_has_one_spelling(raw, text):
    assert parse_host(raw).text == text
    assert parse_host(parse_host(raw).in_url) == parse_host(raw)


async def test_an_international_name_is_asked_for_in_ascii_everywhere():
    wire = Wire()
    names = Names().set("xn--bcher-kva.example", PUBLIC)
    answer = await Egress(resolver=names, connector=wire).fetch("GET", "https://Bücher.example/ü")
    assert answer.url == "https://xn--bcher-kva.example/%C3%BC"
    assert wire.asked[0].headers["host"] == "xn--bcher-kva.example"
    assert wire.asked[0].sni == "xn--bcher-kva.example"
    assert wire.asked[0].path == "/%C3%BC"
