"""The proxies in front of us, and the address of who is behind them: what the brakes count by and the access record
tells. Without them, everybody who comes through a load balancer would have its address.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from starlette.types import Scope

from gateway.errors import SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

BEHIND = "gateway.behind"
"""Scope key: the address that a named proxy tells of, where it tells one."""
_LONGEST = 4_096
"""So many bytes of the list are read, from its end: nobody hides behind a long one."""
_MAPPED = "::ffff:"
"""What a socket of IPv6 writes before the address of who called it by IPv4."""
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True, slots=True)
class Proxies:
    """`networks` are those of the proxies, `header` is the name of the list of addresses to which each of them adds
    whom it was called by (X-Forwarded-For), in lower case, "" for none."""

    networks: tuple[Network, ...] = ()
    header: str = ""

    def hold(self, address: object) -> bool:
        """Whether this is the address of a named proxy."""
        told = _read(str(address))
        return told is not None and any(told in network for network in self.networks)

    def behind(self, scope: Scope) -> str:
        """The address of who called the first of the named proxies that the request came through, "" where it came
        through none or they tell nothing.

        The list is read from its end: what was in it before the first named proxy added to it is hearsay, whoever
        sends it.
        """
        told = ""
        caller = peer(scope)
        for hop in reversed(self._hops(scope)):
            if not self.hold(caller):
                break
            caller = _address(hop)
            if not caller:
                break
            told = caller
        return told

    def _hops(self, scope: Scope) -> list[str]:
        name = self.header.encode()  # "" is no header's
        told = b",".join([value for one, value in scope["headers"] if one == name])
        hops = told[-_LONGEST:].decode("latin-1").split(",")
        return hops[1:] if len(told) > _LONGEST else hops  # the first one may be cut


def peer(scope: Scope) -> str:
    """The address of who called: of who is connected, or of who is behind the named proxies."""
    client = scope.get("client")
    return scope.get(BEHIND) or (str(client[0]).removeprefix(_MAPPED) if client else "")


def _address(hop: str) -> str:
    """An address as proxies write it: bare, with its port, an IPv6 one with a port in brackets."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return str(_read(text) or "")


def _read(text: str) -> Address | None:
    """A socket of IPv6 that takes IPv4 too writes its callers as `::ffff:10.1.2.3`: they are 10.1.2.3."""
    try:
        told = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(told, "ipv4_mapped", None) or told


def from_settings(networks: str, header: str) -> Proxies:
    """From addresses or networks separated by commas. Raises SettingsError, also where a header is named and nobody
    who may set it."""
    try:
        named = tuple(_network(one.strip()) for one in networks.split(",") if one.strip())
    except ValueError:
        raise SettingsError("GATEWAY_PROXIES takes addresses or networks, separated by commas") from None
    if header and not named:
        raise SettingsError("GATEWAY_ADDRESS_HEADER needs GATEWAY_PROXIES: who may set the header")
    return Proxies(named, header_name(header, "GATEWAY_ADDRESS_HEADER"))


def header_name(text: str, setting: str) -> str:
    """The name of a header as requests have it, in lower case; "" for none. Raises SettingsError."""
    if text and not _HEADER.fullmatch(text):
        raise SettingsError(f"{setting} takes the name of one header", hint="For instance X-Forwarded-For.")
    return text.lower()


def _network(text: str) -> Network:
    """Addresses are compared as what they stand for, so networks are too."""
    told = ipaddress.ip_network(text)
    mapped = getattr(told.network_address, "ipv4_mapped", None)
    return ipaddress.ip_network((mapped, told.prefixlen - 96)) if mapped and told.prefixlen >= 96 else told
