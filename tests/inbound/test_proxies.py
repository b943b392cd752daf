"""Who is behind the proxies: told by the named ones alone, and by nobody through them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import SettingsError
from gateway.inbound.issuer.provider import PER_ADDRESS
from gateway.inbound.proxies import BEHIND, Proxies, from_settings, peer
from tests.inbound.http_world import run
from tests.inbound.login_world import form, send, world
from tests.inbound.test_login import records

NAMED = from_settings("10.1.0.0/16, 2001:db8:1::/48", "X-Forwarded-For")
OUTSIDE = "203.0.113.9"


def request(*values: str, client: Any = ("10.1.2.3", 1), header: bytes = b"x-forwarded-for") -> dict[str, Any]:
    return {"headers": [(header, value.encode("latin-1")) for value in values], "client": client}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((OUTSIDE,), OUTSIDE),
        ((f"{OUTSIDE}:51234",), OUTSIDE),
        (("2001:db8:9::7",), "2001:db8:9::7"),
        (("[2001:DB8:9::7]:443",), "2001:db8:9::7"),
        (("198.51.100.1, 203.0.113.9",), OUTSIDE),
        (("198.51.100.1", OUTSIDE), OUTSIDE),
        ((f"{OUTSIDE}, 10.1.0.1",), OUTSIDE),
        ((f"198.51.100.1, {OUTSIDE}, 10.1.0.1, 2001:db8:1::5",), OUTSIDE),
        (("10.1.0.9, 10.1.0.1",), "10.1.0.9"),
        (("unknown, 10.1.0.1",), "10.1.0.1"),
        (("unknown",), ""),
        (("",), ""),
        ((), ""),
        (("198.51.100.1," * 400 + OUTSIDE,), OUTSIDE),
        (("10.1.0.9," * 700 + "10.1.0.1",), "10.1.0.9"),
    ],
    ids=[
        "one hop", "with a port", "IPv6", "IPv6 with a port", "what the caller wrote before is hearsay",
        "in two headers", "through two proxies", "through three, with hearsay", "a proxy that asks for itself",
        "an unknown caller of the outer proxy", "an unknown caller", "empty", "none",
        "nobody hides behind a long list", "a long list of proxies",
    ],
)  # fmt: skip
def test_the_list_is_read_from_its_end(values: tuple[str, ...], told: str) -> None:
    assert NAMED.behind(request(*values)) == told


@pytest.mark.parametrize("client", [("10.2.0.1", 1), ("127.0.0.1", 1), ("unix", 0), ("", 0), None])
def test_nobody_else_may_tell_an_address(client: Any) -> None:
    assert NAMED.behind(request(OUTSIDE, client=client)) == ""
    assert peer(request(OUTSIDE, client=client)) == (client[0] if client else "")


def test_no_other_header_and_none_where_none_is_set() -> None:
    assert NAMED.behind(request(OUTSIDE, header=b"x-real-ip")) == ""
    assert Proxies(NAMED.networks).behind(request(OUTSIDE)) == ""


@pytest.mark.parametrize("named", ["10.1.0.0/16", "::ffff:10.1.0.0/112"])
def test_a_socket_of_both_families_writes_callers_otherwise_and_knows_them_all_the_same(named: str) -> None:
    proxies = from_settings(named, "X-Forwarded-For")
    assert proxies.behind(request(OUTSIDE, client=("::ffff:10.1.2.3", 1))) == OUTSIDE
    assert proxies.behind(request(f"::ffff:{OUTSIDE}, ::ffff:10.1.0.1", client=("10.1.2.3", 1))) == OUTSIDE
    assert proxies.behind(request(OUTSIDE, client=("::ffff:10.2.2.3", 1))) == ""
    assert proxies.hold("::ffff:10.1.2.3"), "what it tells of a certificate counts too"
    assert peer(request(client=("::ffff:10.2.2.3", 1))) == "10.2.2.3"


def test_who_called_is_who_is_behind() -> None:
    assert peer({**request(), BEHIND: OUTSIDE}) == OUTSIDE
    assert peer({**request(), BEHIND: ""}) == "10.1.2.3", "a proxy that tells nothing has called itself"


def test_settings_that_anybody_could_use_stop_the_start() -> None:
    with pytest.raises(SettingsError, match="GATEWAY_ADDRESS_HEADER needs GATEWAY_PROXIES"):
        from_settings("", "X-Forwarded-For")
    with pytest.raises(SettingsError, match="addresses or networks"):
        from_settings("10.1.0.0/99", "")
    for name in ("X Forwarded For", "X-Forwarded-For:", "X-Førward"):
        with pytest.raises(SettingsError, match="GATEWAY_ADDRESS_HEADER takes the name of one header"):
            from_settings("10.1.0.0/16", name)


def test_each_caller_behind_a_proxy_is_braked_and_on_record_alone(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.inbound.issuer.provider.PER_ADDRESS", replace(PER_ADDRESS, burst=3))

    async def test() -> None:
        proxies = from_settings("127.0.0.1", "X-Forwarded-For")  # the test's own client is the proxy
        async with world(database_url, proxies=proxies) as here:
            page = await form(here.web)
            here.web.headers["X-Forwarded-For"] = f"198.51.100.77, {OUTSIDE}"
            tried = [(await send(here.web, page, f"user{n}", "some password")).status_code for n in range(4)]
            assert tried == [401] * 3 + [429]
            here.web.headers["X-Forwarded-For"] = "203.0.113.10"
            assert (await send(here.web, page, "karla.bo")).status_code == 303, "another behind the same proxy"
            assert [one.address for one in await records(here)] == [*[OUTSIDE] * 3, "", "203.0.113.10"]

    run(test)
