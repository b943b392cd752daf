"""Whoever may see nobody writes whatever it likes, consents to itself above all: nothing of others opens by it."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from gateway.domain.identifier import CPR
from tests.attack.asked import a_bundle, a_change, a_create, entry_of, who
from tests.attack.further import together
from tests.attack.twins import CLIENTS, Chance, Request, Twins, sent
from tests.attack.two_worlds import Case, build, known, times
from tests.attack.world import ASK, NOBODY, REASON, SARAH, consent, doors, patient_of
from tests.attack.worlds import CASES
from tests.inbound.http_world import run

_NAME = "urn:uuid:6f1f0f5e-0000-4000-8000-000000000001"
_EVERYTHING = {"purpose": [{"system": REASON, "code": code} for code in ("ELIGDTRM", "COC", "TREAT")]}


def permits(dice: random.Random) -> Iterator[Request]:
    """A consent to everything, in every way that one can be written."""
    body = consent(who(dice), "permit", dateTime="2026-03-01", provision=_EVERYTHING)
    cpr = dice.choice((SARAH, ASK, NOBODY))
    number = {"type": "Patient", "identifier": {"system": CPR, "value": cpr}}
    alone = sent("POST", "/fhir/Consent", body | dice.choice(({}, {"patient": number})))
    where = f"/fhir/Consent?patient={who(dice)}"
    patient = sent("POST", "/fhir/Patient", {"resourceType": "Patient", "identifier": [number["identifier"]]})
    condition = sent("PUT", f"/fhir/Patient?identifier={CPR}%7C{cpr}", {"resourceType": "Patient", "identifier": [
        number["identifier"]]})  # fmt: skip
    yield from (alone, patient, sent("PUT", where, body))
    for kind in ("batch", "transaction"):
        for first in (patient, condition):
            for named in ({"reference": _NAME}, number, {"reference": f"Patient?identifier={CPR}%7C{cpr}"}):
                beside = sent("POST", "/fhir/Consent", body | {"patient": named})
                made = [entry_of(first) | {"fullUrl": _NAME}, entry_of(beside)]
                yield sent("POST", "/fhir", {"resourceType": "Bundle", "type": kind, "entry": made})


@pytest.mark.parametrize("caller", ["jobcenter", "provider"])
def test_nothing_of_others_opens(caller: str, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(one for one in CASES if str(one) == caller)
    places = [f"Patient/{patient_of(cpr)}/*?_count=200" for cpr in (SARAH, ASK)]

    async def test() -> None:
        async with doors(database_url, *CLIENTS) as here:
            twins, dice = Twins(here, here, Chance(monkeypatch), Case(caller, (), ())), random.Random(7)
            await build(here, times(case, range(len(case.hidden))))
            twins.known = await known(here)
            there = set(twins.known.ids)

            async def seen() -> set[str]:
                told = [await here.http.raw("GET", f"/fhir/{one}", await twins.bearer(here)) for one in places]
                return {entry["resource"]["id"] for one in told for entry in one.json().get("entry", [])} & there

            before = await seen()
            asked = [*permits(dice), *permits(dice)]
            asked += [make(dice, twins) for make in (a_create, a_change, a_bundle, together) for _ in range(8)]
            for one in asked:
                here.http.world.clock.forward(1)
                bearer = await twins.bearer(here)
                await here.http.raw(one.method, one.path, bearer | one.headers, one.body)
                assert await seen() <= before, (one.method, one.path, one.body)

    run(test)
