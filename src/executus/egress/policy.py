"""What may be reached: the table, and the exceptions a host makes to it. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from executus.egress.addresses import (
    METADATA_ADDRESSES,
    METADATA_NAMES,
    Address,
    Network,
    embedded,
    plain,
    special_use,
)
from executus.egress.errors import EgressRefused
from executus.egress.hosts import Host, parse_host
from executus.egress.urls import DEFAULT_PORTS, Target, parse_port, split_port
from executus.errors import SetupError

__all__ = ["BLOCKED_PORTS", "EgressPolicy"]

# Services that an HTTP request can be made to talk to. Source: the Fetch standard, "port blocking".
BLOCKED_PORTS = frozenset(
    {
        *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161),
        *(179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563),
        *(587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060),
        *(5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    }
)


@dataclass(frozen=True, slots=True)
class _AllowedHost:
    text: str
    port: int | None


class EgressPolicy:
    """Says of each hop whether it may be tried, and of each answer whether it may be dialled.

    Args:
        allow_hosts: Names or addresses, `name` or `name:port`, that may be internal.
        allow_networks: Networks that may be reached although the table refuses them; they never
            open an address of cloud metadata.
        allow_ports: The only ports to reach, apart from those named in `allow_hosts`; None is every
            port but `BLOCKED_PORTS`.

    Raises:
        SetupError: An entry cannot be read.
    """

    __slots__ = ("_hosts", "_networks", "_ports")

    def __init__(
        self,
        *,
        allow_hosts: Collection[str] = (),
        allow_networks: Collection[str | Network] = (),
        allow_ports: Collection[int] | None = None,
    ) -> None:
        for name, value in (("allow_hosts", allow_hosts), ("allow_networks", allow_networks)):
            if isinstance(value, str):
                raise SetupError(f"{name} takes a collection: write {{{value!r}}}")
        self._hosts = frozenset(_allowed_host(entry) for entry in allow_hosts)
        self._networks = tuple(_allowed_network(entry) for entry in allow_networks)
        self._ports = None if allow_ports is None else frozenset(allow_ports)

    def check_port(self, target: Target) -> None:
        """Judge the port.

        Raises:
            EgressRefused: It is not allowed.
        """
        host = target.host
        if not self._port_is_open(target):
            raise EgressRefused(
                f"port {target.port} of {host.text} is not allowed: to allow it, add "
                f"'{host.in_url}:{target.port}' to allow_hosts",
                reason="port",
                host=host.text,
            )

    def check_host(self, target: Target) -> None:
        """Judge what can be judged of a host before it is resolved.

        Raises:
            EgressRefused: The name or the literal address is not allowed.
        """
        host = target.host
        if host.text in METADATA_NAMES and not self._vouched(target):
            raise EgressRefused(
                f"{host.text} is a cloud's metadata service: {_cure(target)}",
                reason="host",
                host=host.text,
            )
        if host.address is not None:
            self.check_addresses(target, [host.address])

    def check_addresses(self, target: Target, answers: Sequence[Address]) -> tuple[Address, ...]:
        """Judge every answer; one bad one spoils them all, because any could be dialled.

        Returns:
            The addresses to dial, in order, each once, IPv4-mapped ones as IPv4.

        Raises:
            EgressRefused: An answer is not allowed.
        """
        if not self._vouched(target):
            for answer in answers:
                self._check(target, answer)
        return tuple(dict.fromkeys(plain(answer) for answer in answers))

    def _check(self, target: Target, answer: Address) -> None:
        for face in (plain(answer), *embedded(answer)):
            where = str(answer) if face == answer else f"{answer} (that is, {face})"
            if face in METADATA_ADDRESSES:
                what = "an address of cloud metadata"
                cure = _cure(target)
            elif (use := special_use(face)) and not self._in_allowed_network(face):
                what = f"not a public address but {use}"
                cure = f"{_cure(target)} or a network to allow_networks"
            else:
                continue
            raise EgressRefused(
                f"{target.host.text} is at {where}, {what}: {cure}",
                reason="address",
                host=target.host.text,
                address=str(answer),
            )

    def _vouched(self, target: Target) -> bool:
        return not self._hosts.isdisjoint(
            {_AllowedHost(target.host.text, None), _AllowedHost(target.host.text, target.port)}
        )

    def _port_is_open(self, target: Target) -> bool:
        if _AllowedHost(target.host.text, target.port) in self._hosts:
            return True
        if self._ports is not None:
            return target.port in self._ports
        return target.port not in BLOCKED_PORTS

    def _in_allowed_network(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _cure(target: Target) -> str:
    own = target.port == DEFAULT_PORTS[target.scheme]
    port = "" if own else f":{target.port}"
    return f"to allow it, add '{target.host.in_url}{port}' to allow_hosts"


def _allowed_host(entry: str) -> _AllowedHost:
    raw_host, raw_port = split_port(entry)
    try:
        host: Host = parse_host(raw_host)
        return _AllowedHost(host.text, parse_port(raw_port) if raw_port else None)
    except EgressRefused as error:
        raise SetupError(
            f"allow_hosts has {entry!r}: {error}; write 'name', 'name:port' or '[v6]:port'"
        ) from error


def _allowed_network(entry: str | Network) -> Network:
    try:
        return ip_network(entry)
    except ValueError as error:
        raise SetupError(
            f"allow_networks has {entry!r}, which is not a network: {error}"
        ) from error
