"""The addresses that are not the public internet: our own table, complete for both registries.

Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates), RFC 3879
(site-local), RFC 4291 (embedded IPv4), RFC 5214 (ISATAP), RFC 6052 (NAT64), RFC 7526 (6to4), and
the cloud vendors' pages on instance metadata. The standard library's `is_global` is not asked: it
changes between versions and knows neither clouds nor every way to wrap an IPv4 address.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

__all__ = [
    "METADATA_ADDRESSES",
    "METADATA_NAMES",
    "SPECIAL_NETWORKS",
    "Address",
    "Network",
    "embedded",
    "plain",
    "special_use",
]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_TABLE_V4 = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by carriers"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "AS112 sink"),
    ("192.52.193.0/24", "AMT relay"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("192.175.48.0/24", "AS112 sink"),
    ("198.18.0.0/15", "benchmarks"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("255.255.255.255/32", "broadcast"),
    ("240.0.0.0/4", "reserved"),
)
_TABLE_V6 = (
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("64:ff9b:1::/48", "local NAT64"),
    ("100::/64", "discard"),
    ("100:0:0:1::/64", "dummy prefix"),
    ("2001::/32", "Teredo tunnel"),
    ("2001:2::/48", "benchmarks"),
    ("2001:10::/28", "overlay identifiers"),
    ("2001:20::/28", "overlay identifiers"),
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("2620:4f:8000::/48", "AS112 sink"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
)
# First match wins, so the narrower network stands before the wider one.
SPECIAL_NETWORKS: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(text), use) for text, use in _TABLE_V4 + _TABLE_V6
)

# All of today's global unicast; what is outside has not been given to anybody.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_LAST_32_BITS = (
    _MAPPED,
    IPv6Network("::/96"),  # IPv4-compatible
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated (SIIT)
    IPv6Network("64:ff9b::/96"),  # NAT64
    IPv6Network("64:ff9b:1::/96"),  # local NAT64, as most set it up (RFC 8215)
)
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP_INTERFACE = 0x00005EFE
# The universal/local and group bits of an interface identifier may be set either way.
_ISATAP_FREE_BITS = 0x03000000

METADATA_ADDRESSES: frozenset[Address] = frozenset(
    {
        IPv4Address("169.254.169.254"),  # AWS, Azure, Google, and most others
        IPv4Address("169.254.170.2"),  # AWS container credentials
        IPv4Address("169.254.170.23"),  # AWS pod identity
        IPv4Address("169.254.169.253"),  # AWS resolver
        IPv4Address("169.254.42.42"),  # Scaleway
        IPv4Address("169.254.0.23"),  # Tencent
        IPv4Address("169.254.10.10"),  # Tencent
        IPv4Address("100.100.100.200"),  # Alibaba
        IPv4Address("100.96.0.96"),  # Volcano Engine
        IPv4Address("168.63.129.16"),  # Azure's wire server: a public address, unlike the others
        IPv4Address("192.0.0.192"),  # Oracle
        IPv6Address("fd00:ec2::254"),  # AWS
        IPv6Address("fd00:ec2::253"),  # AWS resolver
        IPv6Address("fd00:ec2::23"),  # AWS pod identity
        IPv6Address("fd20:ce::254"),  # Google
        IPv6Address("fd00:42::42"),  # Scaleway
        IPv6Address("fd00:100::100:200"),  # Alibaba
        IPv6Address("fd00:a9fe:a9fe::1"),  # Akamai
        IPv6Address("fd00:c1::a9fe:a9fe"),  # Oracle
        IPv6Address("fe80::a9fe:a9fe"),  # OpenStack
    }
)
METADATA_NAMES = frozenset(
    {
        "instance-data",
        "instance-data.ec2.internal",
        "metadata",
        "metadata.goog",
        "metadata.google.internal",
        "metadata.platformequinix.com",
        "metadata.tencentyun.com",
        "rancher-metadata",
        "api.metadata.cloud.ibm.com",
    }
)


def plain(address: Address) -> Address:
    """The address itself, or the IPv4 address of an IPv4-mapped one: that is what gets dialled."""
    if isinstance(address, IPv6Address) and address in _MAPPED:
        return _last_32_bits(address)
    return address


def embedded(address: Address) -> tuple[Address, ...]:
    """The IPv4 addresses that an IPv6 address stands for, or is tunnelled to; often none."""
    if isinstance(address, IPv4Address):
        return ()
    bits = int(address)
    if bits <= 1:  # `::` and `::1` would read as IPv4-compatible
        return ()
    if any(address in network for network in _LAST_32_BITS):
        return (_last_32_bits(address),)
    if address in _SIX_TO_FOUR:
        return (IPv4Address(bits >> 80 & 0xFFFFFFFF), *_isatap(address))
    if address in _TEREDO:
        server, client = bits >> 64 & 0xFFFFFFFF, bits & 0xFFFFFFFF ^ 0xFFFFFFFF
        return (IPv4Address(server), IPv4Address(client))
    return _isatap(address)


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFFFFFF)


def _isatap(address: IPv6Address) -> tuple[IPv4Address, ...]:
    interface = int(address) >> 32 & 0xFFFFFFFF
    if interface & ~_ISATAP_FREE_BITS == _ISATAP_INTERFACE:
        return (_last_32_bits(address),)
    return ()


def special_use(address: Address) -> str:
    """What the address itself is set aside for; empty for one of the public internet.

    Addresses it embeds are not looked at: see `embedded`.
    """
    for network, use in SPECIAL_NETWORKS:
        if address in network:
            return use
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return "of one interface"
        if not any(address in network for network in (_GLOBAL_UNICAST, *_LAST_32_BITS)):
            return "not assigned"
    return ""
