"""Endpoints: whether they answer. This machine's own are asked, others only when told to."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from executus.cli.doctor.finding import Finding, Patient
from executus.cli.doctor.variables import PROXY_VARIABLES
from executus.fanout import swarm_stream
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.http import HTTPRequest, HTTPResponse, HttpxTransport, Transport, TransportError
from majordomo.models import Listing, Source

__all__ = ["examine_endpoints"]

MOST_SKEW_S = 300.0
"""A clock that is further off makes signatures and certificates fail."""
_AT_ONCE = 8


async def examine_endpoints(
    patient: Patient, *, clock: Clock = SYSTEM_CLOCK, transport: Transport | None = None
) -> AsyncIterator[Finding]:
    """Ask each endpoint for anything; no key is sent, and any answer will do."""
    asked = [one for one in patient.registry.describe() if _is_asked(patient, one)]
    for finding in _proxied(patient, asked):
        yield finding
    transport = transport or HttpxTransport()

    async def ask(listing: Listing) -> Finding | None:
        return await _ask(patient, listing, clock, transport)

    try:
        async with swarm_stream(asked, ask, limit=_AT_ONCE) as outcomes:
            async for outcome in outcomes:
                if (finding := outcome.unwrap()) is not None:
                    yield finding
    finally:
        await transport.aclose()


def _is_asked(patient: Patient, listing: Listing) -> bool:
    url = listing.access.base_url
    if not url or listing.access.missing:
        return False
    if _is_own(url):  # built-in ones of this machine are asked only where somebody set them up
        return listing.source is Source.VARIABLE or bool(patient.get("OLLAMA_HOST"))
    return patient.online


def _is_own(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proxied(patient: Patient, listings: list[Listing]) -> list[Finding]:
    proxies = [name for name in PROXY_VARIABLES if patient.get(name) or patient.get(name.lower())]
    spared = patient.get("NO_PROXY") or patient.get("no_proxy")
    own = [one for one in listings if _is_own(one.access.base_url or "")]
    if not proxies or not own or spared == "*":
        return []
    hosts = sorted({urlsplit(one.access.base_url or "").hostname or "" for one in own})
    missed = [host for host in hosts if host not in spared]
    if not missed:
        return []
    says = f"{missed[0]} is this machine, and is dialled through the proxy of {proxies[0]}"
    return [Finding(about="NO_PROXY", says=says, fix=f"set NO_PROXY={','.join(missed)}")]


async def _ask(
    patient: Patient, listing: Listing, clock: Clock, transport: Transport
) -> Finding | None:
    url, about = listing.access.base_url or "", listing.variable or listing.name
    says, fix = f"{url} did not answer within {patient.timeout_s:g} s", ""
    try:
        with clock.deadline(patient.timeout_s):
            response = await transport.open(HTTPRequest(method="GET", url=url))
            return await _answered(response, about, clock)
    except TransportError as error:
        says = f"{url} cannot be reached: {error}"
        if "certificate" in str(error).lower():
            fix = "install its certificate authority and name it in SSL_CERT_FILE"
        elif "ssl" in str(error).lower():
            fix = f"it speaks no TLS: write ?tls=0 in {about}, or http://"
    except Exception as error:  # noqa: BLE001 - a proxy it cannot speak to, say
        says = f"{url} cannot be asked: {type(error).__name__}"
        fix = "mend the proxy variables"
    return Finding(
        about=about, says=says, fix=fix or "start the server, or mend host and port of its URL"
    )


async def _answered(response: HTTPResponse, about: str, clock: Clock) -> Finding | None:
    headers: Mapping[str, str] = response.headers
    await response.aclose()
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
        skew_s = abs((clock.wall() - told).total_seconds())
    except (TypeError, ValueError):
        return None
    if skew_s <= MOST_SKEW_S:
        return None
    says = f"its clock and this machine's differ by {skew_s:.0f} s"
    return Finding(about=about, says=says, fix="set this machine's clock (NTP)")
