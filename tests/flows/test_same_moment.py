"""Two first messages about one new citizen, under different numbers, at the same moment: one citizen comes of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from gateway.domain.intake import Known
from gateway.flows.arrivals import arrival_of, import_record
from gateway.flows.keeping import About, Kept, keep
from gateway.flows.parts import Gateway
from tests.flows.conftest import House
from tests.flows.messages import CPR, adt

OWN = b"7788^^^REGH&1.2.208.176.1.2.1&ISO^MR"
BOTH = adt("A31", 1, "20260302120000").replace(b"^NI|", b"^NI~" + OWN + b"|")
OWN_ONLY = adt("A31", 2, "20260302120100").replace(f"{CPR}^^^CPR&1.2.208.176.1.2&ISO^NI".encode(), OWN)


async def kept(gateway: Gateway, raw: bytes, meanwhile: list[object]) -> Kept:
    """Keep a message; what is to happen meanwhile happens once, after it has looked and before it writes."""

    def check(known: Known) -> None:
        if meanwhile:
            act = meanwhile.pop()
            assert callable(act)
            act()

    found = gateway.languages.of("hl7v2").translate(raw)
    now = gateway.clock()
    arrival = arrival_of("hl7v2", raw, found, gateway.fingerprint(raw), b"", now)
    about = About(found.citizen, found.merged, found.statements)
    return await keep(gateway, arrival, about, lambda change: import_record(found, change, now, None), check=check)


def test_they_are_one_citizen(house: House) -> None:
    def other() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(house.run, lambda gateway: kept(gateway, OWN_ONLY, [])).result()

    async def test(gateway: Gateway) -> None:
        done = await kept(gateway, BOTH, [other])
        assert done.change is not None
        rows = await gateway.database.fetch("SELECT key, citizen FROM identity")
        assert len(rows) == 2
        assert {row["citizen"] for row in rows} == {done.change.citizen}

    house.run(test)


def test_nobody_waits_for_a_stranger(house: House) -> None:
    def other() -> None:
        with ThreadPoolExecutor(1) as pool:
            stranger = adt("A31", 3, "20260302120200", cpr="2509479989")
            pool.submit(house.run, lambda gateway: kept(gateway, stranger, [])).result()

    async def test(gateway: Gateway) -> None:
        await kept(gateway, BOTH, [other])
        rows = await gateway.database.fetch("SELECT citizen FROM identity")
        assert len({row["citizen"] for row in rows}) == 2

    house.run(test)
