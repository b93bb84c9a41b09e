"""Every special-purpose network is refused from its first to its last address, and no further."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from executus.egress import EgressRefused
from executus.egress.addresses import (
    METADATA_ADDRESSES,
    SPECIAL_NETWORKS,
    embedded,
    plain,
    special_use,
)
from executus.egress.policy import EgressPolicy
from executus.egress.urls import parse_url

# first, last, the address before and the one after ("" where that one is refused for itself)
NETWORKS = [
    ("0.0.0.0", "0.255.255.255", "", "1.0.0.0"),
    ("10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
    ("100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"),
    ("127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"),
    ("169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"),
    ("172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"),
    ("192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"),
    ("192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"),
    ("192.31.196.0", "192.31.196.255", "192.31.195.255", "192.31.197.0"),
    ("192.52.193.0", "192.52.193.255", "192.52.192.255", "192.52.194.0"),
    ("192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"),
    ("192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"),
    ("192.175.48.0", "192.175.48.255", "192.175.47.255", "192.175.49.0"),
    ("198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"),
    ("198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"),
    ("203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"),
    ("224.0.0.0", "239.255.255.255", "223.255.255.255", ""),
    ("240.0.0.0", "255.255.255.254", "", ""),
    ("255.255.255.255", "255.255.255.255", "", ""),
    ("::", "::", "", ""),
    ("::1", "::1", "", ""),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "", ""),
    ("100::", "100::ffff:ffff:ffff:ffff", "", ""),
    ("100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", "", ""),
    ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff:" + ":".join(["ffff"] * 6), ""),
    ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "", ""),
    ("2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
    ("2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
    ("2001:30::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "", "2001:200::"),
    (
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::",
    ),
    (
        "2620:4f:8000::",
        "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
        "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
        "2620:4f:8001::",
    ),
    (
        "3fff::",
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff:1000::",
    ),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
    # Not given to anybody: everything outside 2000::/3 that embeds no IPv4 address.
    ("4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:ffff::", ""),
    ("200::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "2000::"),
    ("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""),
]


@pytest.mark.parametrize(("first", "last", "before", "after"), NETWORKS)
def test_a_network_is_special_from_first_to_last(first, last, before, after):
    low, high = int(ip_address(first)), int(ip_address(last))
    kind = type(ip_address(first))
    for number in (low, (low + high) // 2, high):
        assert special_use(kind(number)), kind(number)
    for text in (before, after):
        assert text == "" or special_use(ip_address(text)) == "", text


def test_every_network_of_the_table_has_a_row():
    rows = [(ip_address(first), ip_address(last)) for first, last, _, _ in NETWORKS]
    for network, _ in SPECIAL_NETWORKS:
        assert any(
            first.version == network.version and first >= network[0] and (last <= network[-1])
            for first, last in rows
        ), network


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "1.1.1.1", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::200e"]
)
def test_public_addresses_are_public(text):
    assert special_use(ip_address(text)) == ""
    assert embedded(ip_address(text)) == ()


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("::ffff:10.1.2.3", "10.1.2.3"),  # IPv4-mapped
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("::127.0.0.1", "127.0.0.1"),  # IPv4-compatible
        ("::2", "0.0.0.2"),
        ("::ffff:0:10.1.2.3", "10.1.2.3"),  # IPv4-translated
        ("64:ff9b::169.254.169.254", "169.254.169.254"),  # NAT64
        ("2002:7f00:1::", "127.0.0.1"),  # 6to4
        ("2002:a9fe:a9fe::1", "169.254.169.254"),
        ("2001:0:a01:203::", "10.1.2.3 255.255.255.255"),  # Teredo: server, client
        ("2001:0:808:808:8000:0:f5fe:fdfc", "8.8.8.8 10.1.2.3"),
        ("2606:4700::5efe:10.1.2.3", "10.1.2.3"),  # ISATAP, four ways to set its bits
        ("2606:4700::200:5efe:10.1.2.3", "10.1.2.3"),
        ("2606:4700::100:5efe:10.1.2.3", "10.1.2.3"),
        ("2606:4700::300:5efe:10.1.2.3", "10.1.2.3"),
        ("2002:808:808::5efe:10.1.2.3", "8.8.8.8 10.1.2.3"),  # one in the other
        ("2606:4700::400:5efe:10.1.2.3", ""),
        ("::", ""),
        ("::1", ""),
    ],
)
def test_ipv4_inside_ipv6_is_found(text, inside):
    assert embedded(IPv6Address(text)) == tuple(map(IPv4Address, inside.split()))


def test_only_a_mapped_address_is_dialled_as_ipv4():
    assert plain(IPv6Address("::ffff:8.8.8.8")) == IPv4Address("8.8.8.8")
    assert plain(IPv6Address("64:ff9b::8.8.8.8")) == IPv6Address("64:ff9b::8.8.8.8")
    assert plain(IPv4Address("8.8.8.8")) == IPv4Address("8.8.8.8")


def test_an_address_bound_to_an_interface_is_special():
    assert special_use(IPv6Address("2606:4700::1111%eth0")) == "of one interface"


CLOUDS = [
    *("169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.169.253"),  # AWS and most
    *("169.254.42.42", "169.254.0.23", "169.254.10.10", "100.100.100.200", "100.96.0.96"),
    *("168.63.129.16", "192.0.0.192"),
    *("fd00:ec2::254", "fd00:ec2::253", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42"),
    *("fd00:100::100:200", "fd00:a9fe:a9fe::1", "fd00:c1::a9fe:a9fe", "fe80::a9fe:a9fe"),
]


def test_the_clouds_metadata_addresses_are_known():
    assert frozenset(map(ip_address, CLOUDS)) == METADATA_ADDRESSES


WRAPPINGS = [
    "::ffff:{0}",
    "::{0}",
    "::ffff:0:{0}",
    "64:ff9b::{0}",
    "2002:{1}::",
    "2001:0:{1}::",
    "2001:0:808:808::{2}",
    "2606:4700::5efe:{0}",
]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("text", [text for text in CLOUDS if ":" not in text])
def test_no_wrapping_hides_metadata_even_where_its_network_is_allowed(text, wrapping):
    """Every IPv4 network is allowed, and every IPv6 one: what is left is metadata itself."""
    bits = int(IPv4Address(text))
    halves = f"{bits >> 16:x}:{bits & 0xFFFF:x}"
    inverted = bits ^ 0xFFFFFFFF
    wrapped = wrapping.format(text, halves, f"{inverted >> 16:x}:{inverted & 0xFFFF:x}")
    policy = EgressPolicy(allow_networks=["0.0.0.0/0", "::/0"])
    with pytest.raises(EgressRefused, match="cloud metadata"):
        policy.check_host(parse_url(f"http://[{wrapped}]/"))
    with pytest.raises(EgressRefused, match="cloud metadata"):
        policy.check_addresses(parse_url("http://a.example/"), [ip_address(wrapped)])
