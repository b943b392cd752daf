"""Keys at a URL: kept no longer than they may be, replaced at any time, fetched no more often than needed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey

from gateway.errors import TooMany, Unavailable
from gateway.inbound.tokens.client_check import ClientCheck
from gateway.inbound.tokens.key_sets import KeySets, fetches_nothing
from tests.inbound.oauth_client import EC, ISSUER, TOKEN_URL, Clock, World, hospital

URL = "https://epj.example.dk/jwks.json"


def published(*keys: tuple[Any, str]) -> bytes:
    return json.dumps({"keys": [{**key.as_dict(private=False), "kid": kid} for key, kid in keys]}).encode()


class Site:
    """A site that publishes keys."""

    def __init__(self, *keys: tuple[Any, str], seconds: float = 300.0) -> None:
        self.body: bytes | None = published(*keys)
        self.seconds = seconds
        self.asked = 0
        self.clock = Clock()
        self.sets = KeySets(self._fetch, self.clock)

    async def _fetch(self, url: str) -> tuple[bytes, float]:
        assert url == URL
        self.asked += 1
        await asyncio.sleep(0)
        if self.body is None:
            raise Unavailable
        return self.body, self.seconds

    def kids(self, kid: str = "a") -> list[str]:
        return [key.kid for key in asyncio.run(self.sets.keys(URL, kid))]


def test_a_set_is_kept_as_long_as_it_may_be() -> None:
    site = Site((EC, "a"))
    assert [site.kids() for _ in range(3)] == [["a"]] * 3
    assert site.asked == 1
    site.clock.forward(301)
    site.kids()
    assert site.asked == 2


def test_a_set_that_may_not_be_kept_is_not() -> None:
    site = Site((EC, "a"), seconds=0)
    assert [site.kids() for _ in range(3)] == [["a"]] * 3
    assert site.asked == 3


def test_no_set_is_kept_longer_than_an_hour() -> None:
    site = Site((EC, "a"), seconds=1e9)
    site.kids()
    site.clock.forward(3601)
    site.kids()
    assert site.asked == 2


def test_a_new_kid_is_fetched_once_and_then_there_is_a_brake() -> None:
    site = Site((EC, "a"))
    site.kids()
    site.clock.forward(31)
    site.body = published((EC, "b"))
    assert site.kids("b") == ["b"]
    assert site.asked == 2
    for _ in range(50):
        site.kids("invented")
    assert site.asked == 2
    site.clock.forward(31)
    site.kids("invented")
    assert site.asked == 3


def test_what_cannot_be_fetched_is_not_believed_after_its_time() -> None:
    site = Site((EC, "a"))
    site.kids()
    site.body = None
    site.clock.forward(100)
    assert site.kids("b") == ["a"], "until then the old set counts"
    site.clock.forward(201)
    assert site.kids() == []
    asked = site.asked
    for _ in range(20):
        assert site.kids() == []
    assert site.asked == asked, "a site that is away is not asked again and again"


@pytest.mark.parametrize("body", [b'{"keys":{}}', b'{"keys":null}', b'{"keys":"a"}', b"{}", b"<html>"])
def test_what_is_no_key_set_takes_no_key_away(body: bytes) -> None:
    site = Site((EC, "a"))
    site.kids()
    site.body = body
    site.clock.forward(31)
    assert site.kids("new") == ["a"]
    site.body = b'{"keys":[]}'
    site.clock.forward(31)
    assert site.kids("new") == [], "a set without keys is one: all are taken back"


def test_many_at_once_fetch_once() -> None:
    site = Site((EC, "a"))

    async def test() -> None:
        await asyncio.gather(*(site.sets.keys(URL, "a") for _ in range(20)))

    asyncio.run(test())
    assert site.asked == 1


def test_many_at_once_fetch_once_what_may_not_be_kept() -> None:
    site = Site((EC, "a"), seconds=0)

    async def test() -> None:
        told = await asyncio.gather(*(site.sets.keys(URL, "a") for _ in range(20)))
        assert [[key.kid for key in keys] for keys in told] == [["a"]] * 20

    asyncio.run(test())
    assert site.asked == 1
    site.kids()
    assert site.asked == 2, "what was fetched before is not kept"


def test_nothing_is_fetched_for_whom_it_is_refused() -> None:
    site = Site((EC, "a"), seconds=60)

    async def refused() -> None:
        raise TooMany

    with pytest.raises(TooMany):
        asyncio.run(site.sets.keys(URL, "a", refused))
    assert site.asked == 0
    site.kids()
    assert asyncio.run(site.sets.keys(URL, "a", refused)), "what is here is nobody refused"
    site.clock.forward(59)
    with pytest.raises(TooMany):
        asyncio.run(site.sets.keys(URL, "new", refused))
    assert site.kids("new") == ["a"]
    assert site.asked == 2, "the brake is for what was fetched"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[1,null,{}]}', b'{"keys":' + b"[" * 5000, b"\xff"]
)
def test_what_is_no_key_set(body: bytes) -> None:
    site = Site()
    site.body = body
    assert site.kids() == []


def test_unfit_keys_are_left_out() -> None:
    site = Site((EC, "a"), (ECKey.generate_key("P-256", private=True), "small"))
    assert site.kids() == ["a"]


def checked(site: Site | None, world: World, assertion: str) -> str:
    sets = site.sets if site else KeySets(fetches_nothing, world.clock)
    check = ClientCheck(world.clients, world.clock, world._remember, sets)
    return asyncio.run(check.verified(assertion, (TOKEN_URL, ISSUER))).client.id


def test_a_client_registered_by_its_url() -> None:
    world = World(hospital(keys=(), jku=URL))
    site = Site((EC, "ec-1"))
    assert checked(site, world, world.assertion()) == "rh-epj"
    assert checked(site, world, world.assertion(header={"jku": URL})) == "rh-epj"
    new = ECKey.generate_key("P-384", private=True)
    site.body = published((new, "ec-2"))
    site.clock.forward(31)
    assert checked(site, world, world.assertion(new, kid="ec-2")) == "rh-epj"
    for bad in (
        world.assertion(),
        world.assertion(new, kid="ec-1"),
        world.assertion(new, kid="ec-2", header={"jku": "https://evil.example/jwks.json"}),
    ):
        with pytest.raises(ValueError, match="registered"):
            checked(site, world, bad)


def test_two_keys_of_one_kid_and_type_are_none() -> None:
    world = World(hospital(keys=(), jku=URL))
    site = Site((EC, "ec-1"), (ECKey.generate_key("P-384", private=True), "ec-1"))
    with pytest.raises(ValueError, match="registered key"):
        checked(site, world, world.assertion())


def test_keys_by_value_are_never_fetched() -> None:
    world = World(hospital(jku=URL))
    site = Site()
    assert checked(site, world, world.assertion()) == "rh-epj"
    assert site.asked == 0


def test_a_gateway_that_fetches_nothing_knows_no_such_client() -> None:
    world = World(hospital(keys=(), jku=URL))
    with pytest.raises(ValueError, match="not registered"):
        checked(None, world, world.assertion())
