"""Benefits and their alerts, employment plans, cases and documents with limits: for whoever may not see them they
change no byte of any answer (two_worlds.py)."""

from __future__ import annotations

import json
import re

import pytest

from gateway.domain.identifier import SOR
from tests.attack.two_worlds import Case, build, compare, times
from tests.attack.world import SARAH, Doors, consent, doors, order, patient_of, plan, stay
from tests.inbound.http_world import run
from tests.translate.kl import reporting
from tests.translate.oio import building
from tests.translate.ydelse import making

CITIZEN = f"urn:oio:cpr-nr:{SARAH}"
NOWHERE = "0a3b1c52-7d1c-4a0e-9b0e-2f9f0c7d1aff"
VIP, SENSITIVE, CONFIDENTIAL = "VIP_SAGER", "FOELSOMME_PERSONOPLYSNINGER", "FORTROLIGE_PERSONOPLYSNINGER"
_OURS = building.OBLIGATORY[:-1]
_THEIRS = [building.actor("Ejer", "Organisation", building.uuid(1), "Frederiksberg", "11259979"), *_OURS[1:]]
# Who the citizen is stands in what everybody may see: nothing that is hidden tells another name.
_PARTY = building.Relation("Sagspart", "PrimaerPart", "Person", CITIZEN)
_OPEN_TO_ONE = building.Relation("Sikkerhedsprofil", "Adgang", "Enhed", NOWHERE)


def case(number: int, *more: building.Relation, level: str = SENSITIVE, theirs: bool = False, title: str = "") -> bytes:
    """An OIO case, its party without a name."""
    told = [*(_THEIRS if theirs else _OURS), _PARTY]
    named = building.properties(title) if title else ""
    text = building.case(*more, told=told, level=level, number=building.uuid(number), attributes=named)
    return building.wrapped(*building.index(text))


def grant(kle: str, number: int, level: str = CONFIDENTIAL, profile: bool = False) -> bytes:
    """A benefit granted; by its class whole, reduced or stopped."""
    more = (
        f"<bi:Sikkerhedsprofil><gd:ReferenceID><sd:UUIDIdentifikator>{NOWHERE}</sd:UUIDIdentifikator></gd:ReferenceID>"
        "</bi:Sikkerhedsprofil>"
        if profile
        else ""
    )
    told = making.registered(
        making.benefit(kle, reason="Udeblevet fra samtale"), parties=making.party(CITIZEN), sensitivity=level, more=more
    )
    return making.imported(making.granted(told, uuid=building.uuid(number)))


def asked(text: str) -> bytes:
    """What the jobcenter's system told of the citizen."""
    found = {
        "vendor": "momentum", "installation": "koebenhavn-jobcenter", "fetched": "2026-03-02T09:00:00+00:00",
        "asked": SARAH,
        "content": {
            "citizen": [{"id": "b0c1", "cpr": SARAH}],
            "tasks": [{"id": "t1", "type": "Opfølgning", "title": text, "status": "Åben"}],
            "notes": [{"id": "n1", "title": text, "text": text, "created": "2026-02-19T10:00:00+01:00"}],
            "caseworkers": [{"id": "w3", "name": text, "role": "Sanktionsteam"}],
            "plans": [{
                "id": "p1", "type": "Min Plan", "title": text, "status": "Godkendt", "start": "2025-09-15",
                "goals": [{"id": "g1", "text": text, "status": "Aktiv"}],
            }],
        },
    }  # fmt: skip
    return json.dumps(found, ensure_ascii=False).encode()


def nursed() -> bytes:
    """What home nursing reported: a condition of Fælles Sprog III."""
    condition = reporting.target_group("f1") | {"code": reporting.coded("I6.4", "urn:oid:1.2.208.176.2.21")}
    told = reporting.report("2026-02-20", condition, sender="123456789012345", system=SOR)
    return reporting.raw(told).replace(reporting.CPR.encode(), SARAH.encode())


DOCUMENT = building.lying("Tilakteret", "1", building.uuid(30), "Afgørelse")
NOTE = building.note("2", "Samtale", b"Vi talte om boligen.")
FIRST = order(SARAH, plan("a"))
SECRET = ("social", case(510, DOCUMENT, NOTE, level=VIP, title="Den hemmelige sag"))
NARROW = ("social", case(511, NOTE, _OPEN_TO_ONE, title="Den snævre sag"))
CASE = ("social", case(512, NOTE, level=SENSITIVE, title="Sagen"))
THEIR_CASE = ("elsewhere", case(513, NOTE, theirs=True))
REDUCED = ("benefit", grant(making.REDUCED, 601))
STOPPED = ("benefit", grant(making.STOPPED, 602))
SECRET_GRANT = ("benefit", grant(making.REDUCED, 603, level=VIP))
NARROW_GRANT = ("benefit", grant(making.STOPPED, 604, profile=True))
CARE = ("nursing", nursed())
WORK = ("momentum", asked("Virksomhedspraktik"))
# What the citizen lets a voluntary helper see: all that the law lets anybody show one.
SHOWN = {k: v for k, v in consent("", "permit").items() if k != "patient"} | {"id": "w"}
LET = ("social", order(SARAH, plan("a"), SHOWN))
BOTH = (("social", FIRST), ("psyk", stay(SARAH)))
CASES = [
    Case("psyk", BOTH, (SECRET, NARROW, REDUCED, STOPPED, WORK)),
    Case("nursing", BOTH, (SECRET, NARROW, REDUCED, SECRET_GRANT, WORK)),
    Case("social", (*BOTH, CASE, REDUCED), (SECRET, NARROW, SECRET_GRANT, NARROW_GRANT, CARE, WORK)),
    Case("jobcenter", (BOTH[0], WORK, REDUCED), (SECRET, NARROW, CASE, SECRET_GRANT, NARROW_GRANT, BOTH[1])),
    Case("benefit", (BOTH[0], REDUCED), (SECRET, NARROW, CASE, CARE, WORK, BOTH[1])),
    Case("helpers", (LET,), (SECRET, NARROW, REDUCED, SECRET_GRANT, CARE, WORK)),
    Case("elsewhere", (THEIR_CASE, BOTH[1]), (SECRET, NARROW, CASE, REDUCED, STOPPED, CARE, WORK)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.caller))
def test_what_is_hidden_changes_no_byte_of_any_answer(case: Case, database_url: str, second_database_url: str) -> None:
    compare(case, database_url, second_database_url, examples=6, requests=60)


async def page(here: Doors, who: str) -> str:
    """The plan page as a browser comes to it, after its status."""
    web = here.http.web
    made = await web.post("/console/tickets", headers=await here.bearer(who), data={"patient": patient_of(SARAH)})
    form = await web.get(made.json()["url"])
    (ticket,) = re.findall(r'name="ticket" value="([^"]+)"', form.text)
    entered = await web.post("/console/login", data={"ticket": ticket})
    shown = await web.get(entered.headers["location"])
    own = re.compile(r'(name="csrf" value=")[^"]+')  # what each session has against forms of other sites
    return f"{shown.status_code} {own.sub('', shown.text)}"


def test_the_page_tells_no_more(database_url: str, second_database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as a, doors(second_database_url) as b:
            for case in CASES:
                await build(a, times(Case(case.caller, case.shared, ()), ()))
                await build(b, times(case, range(len(case.hidden))))
                assert await page(a, case.caller) == await page(b, case.caller), case.caller
            await build(b, times(Case("social", BOTH, (REDUCED,)), [0.0]))
            await build(a, times(Case("social", BOTH, ()), ()))
            assert await page(a, "social") != await page(b, "social"), "it would be noticed"

    run(test)
