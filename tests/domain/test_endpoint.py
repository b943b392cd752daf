"""Where a host of the list may lie: nowhere that leads inside, however the address is written."""

from __future__ import annotations

import pytest

from gateway.domain.endpoint import chosen, hosts
from gateway.errors import Unavailable

LISTED = hosts("hooks.example.dk, inner.example.dk@10.20.0.0/16", "GATEWAY_HOOK_HOSTS")
INSIDE = [
    "10.0.0.1", "::ffff:10.0.0.1", "::10.0.0.1", "::ffff:0:10.0.0.1",  # mapped, compatible, translated (RFC 2765)
    "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "64:ff9b::169.254.169.254",  # NAT64 leads to what it carries
    "2002:a00:1::", "2001:0:a00:1::", "fec0::1", "fe80::1", "fd00::1", "::1", "::", "100::1", "3fff::1", "2001:db8::1",
    "ff0e::1", "5f00::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_never_chosen(address: str) -> None:
    for found in ([address], ["93.184.216.34", address], [address, "2600::1"]):
        with pytest.raises(Unavailable):
            chosen("hooks.example.dk", found, LISTED)


@pytest.mark.parametrize(
    ("host", "found", "told"),
    [
        ("hooks.example.dk", ["93.184.216.34", "2600::1"], "93.184.216.34"),
        ("hooks.example.dk", ["2600::1"], "[2600::1]"),
        ("hooks.example.dk", ["64:ff9b::5db8:d822"], "[64:ff9b::5db8:d822]"),  # a network of IPv6 alone, with DNS64
        ("inner.example.dk", ["10.20.3.4"], "10.20.3.4"),
    ],
)
def test_the_first_of_addresses_that_are_all_sound(host: str, found: list[str], told: str) -> None:
    assert chosen(host, found, LISTED) == told
