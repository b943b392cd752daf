"""Where a URL that somebody registered may lead, for notifications and for keys: https, hosts of the operator's list
alone, and no address inside a private network unless the list says so (server-side request forgery).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from gateway.errors import RuleBroken, SettingsError, Unavailable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Hosts = Mapping[str, Network | None]

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_LONGEST = 1000
_UNICAST = ipaddress.IPv6Network("2000::/3")  # whatever else there is of IPv6 is local, or of a special purpose
_EXAMPLES = ipaddress.IPv6Network("3fff::/20")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def hosts(text: str, setting: str) -> dict[str, Network | None]:
    """The hosts of a setting, which errors name: `hooks.example.dk`, or `hooks.example.dk@10.20.0.0/16`
    for one that lies in a private network, separated by commas. Raises SettingsError."""
    found: dict[str, Network | None] = {}
    for one in filter(None, (part.strip().lower() for part in text.split(","))):
        host, _, network = one.partition("@")
        try:
            found[host] = ipaddress.ip_network(network) if network else None
        except ValueError:
            raise SettingsError("Behind @ stands a network like 10.20.0.0/16", where=setting) from None
        if not _HOST.fullmatch(host):
            raise SettingsError("This takes host names, separated by commas", where=setting)
    return found


def parts(url: str, allowed: Hosts, where: str) -> tuple[str, str, int, str]:
    """Scheme, host, port, and path with query of a URL that stands at `where`. Plain http leads to a loopback of the
    list alone. Raises RuleBroken."""
    try:
        split = urlsplit(url)
        host, port = split.hostname or "", split.port or (443 if split.scheme == "https" else 80)
    except ValueError:
        raise RuleBroken("The URL cannot be read", where=where) from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= _LONGEST
    if not plain or "@" in split.netloc or split.fragment or not _HOST.fullmatch(host):
        raise RuleBroken("Only a plain URL without user and fragment is called", where=where)
    if host not in allowed:
        raise RuleBroken("This host is not on the gateway's list", where=where, hint="Ask its operator to add it.")
    network = allowed[host]
    if split.scheme != "https" and not (split.scheme == "http" and network and network.is_loopback):
        raise RuleBroken("Only https is called", where=where)
    return split.scheme, host, port, (split.path or "/") + (f"?{split.query}" if split.query else "")


def chosen(host: str, addresses: Sequence[str], allowed: Hosts) -> str:
    """The address to connect to, by number: only when every address of the host lies where this host may. Raises
    Unavailable."""
    network = allowed.get(host)
    found = [ipaddress.ip_address(one) for one in addresses]
    if not found or not all(_may(one, network) for one in found):
        raise Unavailable(
            "The host has an address where it may not lie", hint="See GATEWAY_HOOK_HOSTS and GATEWAY_KEY_HOSTS."
        )
    first = found[0]
    return f"[{first}]" if first.version == 6 else str(first)


def _may(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: Network | None) -> bool:
    if network is not None:
        return address in network
    if isinstance(address, ipaddress.IPv6Address):
        carried = _carried(address)
        if carried is not None:
            return _may(carried, None)
        if address not in _UNICAST or address in _EXAMPLES:
            return False
    return address.is_global and not address.is_multicast


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address of IPv4 that is meant by one of IPv6: mapped, 6to4, or behind a NAT64 (RFC 6052)."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
