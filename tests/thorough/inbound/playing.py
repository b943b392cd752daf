"""Worlds made at random at the doors: messages, citizens' words in every shape, merges, time that goes by; and what
readers really read in between, to be held against what `$explain-access` says of it."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.consent.actors import READER_ROLE, SUB_UNITS
from gateway.domain.consent.compiled import FORM
from gateway.domain.identifier import CPR, CVR, SOR, Identifier
from gateway.domain.security_label import ACT_CODE, CONFIDENTIALITY, DATA_CLASS
from gateway.flows.registrations import note_registrations
from gateway.inbound.clients import registered
from gateway.inbound.rest.kinds import CLINICAL
from gateway.inbound.scopes import Scope
from gateway.inbound.scopes import read as scope
from tests.attack.test_handed_over import _HANDED
from tests.attack.test_history import UNKNOWN, merged, unknown, with_field
from tests.attack.test_municipal_worlds import CASE, NARROW, REDUCED, SECRET, STOPPED, WORK, nursed
from tests.attack.test_non_interference import NAMELESS, PSYCHIATRY, goal, ill, relative
from tests.attack.twins import CITIZEN
from tests.attack.world import CAST, JSON, REASON, SARAH, TYPES, Doors, order, patient_of, plan, stay
from tests.inbound.test_explain_door import decisions, question

Body = dict[str, Any]

WHOLE, PSYK = (SOR, "265161000016000"), (SOR, "399841000016000")
DEPARTMENT = (SOR, "265171000016009")  # a part of the whole by mappings/codes/part-of.csv
COPENHAGEN, SOCIAL = (CVR, "64942212"), (SOR, "360941000016001")  # and this one of Copenhagen
BEHIND = ("urn:test:staff", "behind-1")
_PLACES = (WHOLE, PSYK, DEPARTMENT, COPENHAGEN, SOCIAL, (CVR, "25313763"), (CVR, "29188505"))
_CATEGORY = "https://faellesplan.dk/fhir/CodeSystem/consent-category"
_THO = "http://terminology.hl7.org/CodeSystem"
_RECIPIENT = {"coding": [{"system": f"{_THO}/v3-ParticipationType", "code": "IRCP"}]}
_LABELS = (
    *((CONFIDENTIALITY, code) for code in "NRV"), *((ACT_CODE, code) for code in ("PSY", "SUD", "ETHUD", "SDV")),
    *((DATA_CLASS, code) for code in ("housing", "benefit", "employment", "protected-address", "unread")),
)  # fmt: skip
_CLASSES = (
    *((TYPES, kind) for kind in ("Encounter", "CarePlan", "Goal", "Condition", "Patient", "CareTeam", "Account")),
    *((DATA_CLASS, one) for one in ("stay", "social", "health", "psychiatry", "identity", "plan", "function")),
)  # fmt: skip
_PURPOSES = ("TREAT", "COC", "BTG", "ELIGDTRM", "PATRQT", "ETREAT", "CAREMGT")


def _client(name: str) -> Any:
    (one,) = [client for client in CAST if client.id == name]
    return one


_WRITES = (Scope("*", "rs"), Scope("Bundle", "c"), Scope("Consent", "cud"), Scope("CareTeam", "c"))
READERS = (
    replace(_client("psyk"), scopes=_WRITES, purposes=("TREAT", "BTG", "HOPERAT")),
    replace(_client("herlev"), scopes=_WRITES, purposes=("TREAT", "ETREAT", "BTG")),
    replace(_client("herlev"), id="department", organisation=Identifier(*DEPARTMENT), sends=(), purposes=("TREAT",)),
    replace(_client("social"), scopes=_WRITES, purposes=("COC", "CAREMGT", "BTG")),
    replace(_client("social"), id="unit", organisation=Identifier(*SOCIAL), sends=(),
            member_of=("|".join(COPENHAGEN),)),
    *(_client(name) for name in ("elsewhere", "nursing", "jobcenter", "benefit")),
    *(replace(_client(name), purposes=("COC", "CAREMGT")) for name in ("helpers", "provider")),
    replace(_client("psyk"), id="narrowed", sends=(), scopes=tuple(
        one for text in ("system/Encounter.rs?class=IMP", "system/CarePlan.rs", "system/Patient.rs")
        if (one := scope(text))
    )),
    replace(CITIZEN, scopes=(Scope("*", "rs"),)),
)  # fmt: skip
AUDITOR = _client("auditor")
_WRITERS = ("psyk", "herlev", "social")


@dataclass(frozen=True)
class Asker:
    """One reader: a client, who stands in front of it and for whom, and why."""

    client: str
    user: tuple[str, str]
    purposes: tuple[str, ...]
    behalf: tuple[str, str] | None = None

    def question(self, patient: str) -> Body:
        """The same as parts of a question of `$explain-access`."""
        asked: Body = {
            "client": self.client, "user": self.user, "purpose": list(self.purposes), "patient": f"Patient/{patient}",
        }  # fmt: skip
        if self.behalf:
            asked["on-behalf-of"] = self.behalf
        if "BTG" in self.purposes:
            asked["override"] = {"code": "emergency", "text": "Bevidstløs"}
        return asked

    async def bearer(self, here: Doors) -> dict[str, str]:
        """Its token."""
        iua = {"subject_id": "|".join(self.user), "purpose_of_use": list(self.purposes)}
        iua |= {"on_behalf_of": "|".join(self.behalf)} if self.behalf else {}
        purpose = "BTG" if "BTG" in self.purposes else self.purposes[0]
        return await here.bearer(self.client, purpose=purpose, **iua)


@dataclass(frozen=True)
class Look:
    """What one reader read at one time: each resource that was shown, and whether something was taken out of it."""

    asker: Asker
    at: datetime
    patient: str
    asked: frozenset[str]
    shown: dict[str, bool]


@dataclass
class Played:
    """A world while it is played."""

    here: Doors
    dice: random.Random
    looks: list[Look] = field(default_factory=list)
    consents: list[str] = field(default_factory=list)
    number: int = 1000
    done: Counter[str] = field(default_factory=Counter)

    def pass_by(self, seconds: float) -> None:
        """Time goes by."""
        self.here.http.world.clock.forward(seconds)

    # What happens

    async def happens(self) -> None:
        """Something happens."""
        await self.dice.choice(
            (self._message, self._message, self._word, self._word, self._word, self._changed, self._later)
        )()
        self.pass_by(self.dice.choice((90, 3600)))

    async def _message(self) -> None:
        self.number += 1
        who, message = self.dice.choice((self._stay, self._order, self._other))()
        answer = await self.here.send(who, message)
        self.done[f"message {answer.status}"] += 1

    def _stay(self) -> tuple[str, bytes]:
        event, visit = self.dice.choice(("A01", "A21", "A22", "A03", "A08")), f"V{self.dice.randrange(3)}"
        more = self.dice.choice(("", "", PSYCHIATRY))
        sender = self.dice.choice((("psyk", "SP|REGH"), ("herlev", "SP|HGH")))
        made = stay(SARAH, event, self.number, visit=visit, more=more, sender=sender[1])
        if self.dice.random() < 0.15:
            made = with_field(made.replace(b"\rPV1", b"\rPD1|\rPV1"), b"PD1", 12, self.dice.choice((b"Y", b"N")))
        return sender[0], unknown(made) if self.dice.random() < 0.2 else made

    def _order(self) -> tuple[str, bytes]:
        number = self.dice.randrange(3)
        reader = self.dice.choice(READERS)
        member = {"identifier": {"system": "urn:test:staff", "value": f"{reader.id}-1"}}
        period = {"start": "2025-01-01", "end": self.dice.choice(("2025-03-20", "2027-01-01"))}
        team = {"resourceType": "CareTeam", "id": f"t{number}", "status": "active",
                "participant": [{"member": member, "period": period}]}  # fmt: skip
        told = (
            plan(f"p{number}", goal=[{"reference": f"Goal/g{number}"}], period={"start": "2025-03-01"}),
            goal(f"g{number}", self.dice.choice(("Egen bolig", "Stofmisbrug under kontrol"))), team, relative("r"),
            ill(f"i{number}", self.dice.choice(("Angst", "Alkoholmisbrug", "Struktur", "Hjemløs"))),
            {"resourceType": "CareTeam", "id": "h", **_HANDED},
        )  # fmt: skip
        some = self.dice.sample(told[:-1], self.dice.randint(1, 4)) + list(
            told[-1:] if self.dice.random() < 0.1 else ()
        )
        # Whom a plan refers to comes with it or before it; an order that leads to nothing is refused whole.
        some = [one for one in some if one["id"][0] != "p" or f"g{number}" in [other["id"] for other in some]]
        return "social", order(SARAH, *some, number=str(self.number), patient=self.dice.choice((None, NAMELESS)))

    def _other(self) -> tuple[str, bytes]:
        return self.dice.choice((CASE, SECRET, NARROW, REDUCED, STOPPED, WORK, ("nursing", nursed())))

    async def _later(self) -> None:
        if self.dice.random() < 0.3:
            self.number += 1
            answer = await self.here.send("psyk", merged(self.number))
            self.done[f"merge {answer.status}"] += 1
        else:
            self.pass_by(timedelta(days=self.dice.choice((1, 7, 40, 366))).total_seconds())

    async def _word(self) -> None:
        """A citizen's word, in any shape."""
        patient = patient_of(SARAH) if self.dice.random() < 0.8 else UNKNOWN
        answer = await self.here.write(self.dice.choice(_WRITERS), self._consent(patient))
        self.done[f"word {answer.status}"] += 1
        if answer.status == 201:
            self.consents.append(answer.headers["location"].split("/Consent/")[1].partition("/")[0])

    async def _changed(self) -> None:
        """Another word instead of one that there is, or the same withdrawn."""
        if not self.consents:
            return
        identity = self.dice.choice(self.consents)
        body = self._consent(patient_of(SARAH))
        if self.dice.random() < 0.6:
            body["status"] = "inactive"
        answers = [(await self.here.write(who, body, identity)).status for who in _WRITERS]
        self.done[f"changed {min(answers)}"] += 1

    def _consent(self, patient: str) -> Body:
        now, dice = self.here.http.world.clock(), self.dice
        given = now - timedelta(days=dice.choice((0, 0, 1, 30, 364, 366)))
        category = dice.choice((
            {"system": "http://loinc.org", "code": "59284-0"}, {"system": _CATEGORY, "code": "minspaerring"},
            {"system": _CATEGORY, "code": "objection"},
            {"system": "http://ehealth.sundhed.dk/cs/consent-category", "code": dice.choice(("PITEOC", "SSLPCI"))},
        ))  # fmt: skip
        body: Body = {
            "resourceType": "Consent", "status": "active", "patient": {"reference": f"Patient/{patient}"},
            "scope": {"coding": [{"system": f"{_THO}/consentscope", "code": "patient-privacy"}]},
            "category": [{"coding": [category]}], "dateTime": given.isoformat(), "policyRule": {"text": "aftale"},
        }  # fmt: skip
        if dice.random() < 0.6:
            body["extension"] = [{"url": FORM, "valueCode": dice.choice(("written", "written", "oral"))}]
        out = dice.random() < 0.08
        if out:
            body["policyRule"] = {"coding": [{"system": ACT_CODE, "code": "OPTOUT"}]}
        says = "deny" if out or category["code"] == "objection" else dice.choice(("permit", "deny"))
        body["provision"] = self._provision(says, now, 0)
        if category["code"] == "minspaerring" and says == "permit":  # without an end it is refused
            body["provision"]["period"] = {"end": (now + timedelta(days=31)).date().isoformat()}
        return body

    def _provision(self, says: str, now: datetime, depth: int) -> Body:
        dice = self.dice
        makers = {
            "actor": (0.6, self._actors), "purpose": (0.4, lambda: self._codes([(REASON, c) for c in _PURPOSES])),
            "action": (0.1, lambda: [{"coding": [{"system": f"{_THO}/consentaction", "code": dice.choice(
                ("access", "access", "disclose"))}]}]),
            "securityLabel": (0.35, lambda: self._codes(_LABELS, 4)), "class": (0.3, lambda: self._codes(_CLASSES, 4)),
            "code": (0.08, lambda: [{"coding": [{"system": "urn:oid:1.2.208.176.2.4.12", "code": "DF200"}]}]),
            "dataPeriod": (0.15, lambda: self._period(now)), "data": (0.2, self._data),
            "period": (0.3, lambda: self._period(now)),
        }  # fmt: skip
        made = {"type": says} | {name: make() for name, (chance, make) in makers.items() if dice.random() < chance}
        if depth < 3 and dice.random() < 0.4:
            below = [
                self._provision(dice.choice(("permit", "deny")), now, depth + 1) for _ in range(dice.randint(1, 2))
            ]
            made["provision"] = below
        return made

    def _codes(self, among: Sequence[tuple[str, str]], most: int = 3) -> list[Body]:
        listed = self.dice.sample(among, min(len(among), self.dice.randint(1, most)))
        return [{"system": system, "code": code} for system, code in listed]

    def _period(self, now: datetime) -> Body:
        first = now + timedelta(days=self.dice.choice((-400, -30, -1, 0, 5)))
        last = first + timedelta(days=self.dice.choice((1, 31, 800)))
        told = {"start": first.date().isoformat(), "end": last.date().isoformat()}
        return {name: told[name] for name in self.dice.choice((("start",), ("end",), ("start", "end")))}

    def _actors(self) -> list[Body]:
        return [self._actor() for _ in range(self.dice.choice((1, 1, 2)))]

    def _actor(self) -> Body:
        dice = self.dice
        made: Body = {"role": _RECIPIENT}
        kind = dice.randrange(10)
        if kind < 5:
            made["reference"] = _named("Organization", dice.choice(_PLACES))
            if (units := dice.choice((None, True, False))) is not None:
                made["extension"] = [{"url": SUB_UNITS, "valueBoolean": units}]
            if dice.random() < 0.3:
                role = dice.choice(("social", "jobcenter", "nursing", "hospital"))
                made["role"] = {"coding": [{"system": READER_ROLE, "code": role}]}
        elif kind < 8:
            person = ("urn:test:staff", f"{dice.choice(READERS).id}-1")
            made["reference"] = _named("Practitioner", dice.choice((person, person, BEHIND)))
        elif kind == 8:
            made["reference"] = {"reference": f"Patient/{patient_of(SARAH)}"}
        else:
            made["reference"] = {"display": "Dr. Bo"}
        return made

    def _data(self) -> list[Body]:
        dice = self.dice
        if dice.random() < 0.6:
            one: Body = {"meaning": "authoredby", "reference": _named("Organization", dice.choice(_PLACES))}
            if (units := dice.choice((None, True, False))) is not None:
                one["extension"] = [{"url": SUB_UNITS, "valueBoolean": units}]
            return [one]
        known = sorted(next((look.asked for look in reversed(self.looks)), frozenset[str]())) or ["Goal/x"]
        return [{"meaning": dice.choice(("instance", "related")), "reference": {"reference": dice.choice(known)}}]

    # Who looks

    def _asker(self) -> Asker:
        dice = self.dice
        client = dice.choice(READERS)
        purposes = tuple(dice.sample(client.purposes, 2 if len(client.purposes) > 1 and dice.random() < 0.15 else 1))
        if client.role == "citizen":
            return Asker(client.id, (CPR, SARAH), purposes)
        user = ("urn:test:staff", f"{dice.choice(READERS).id if dice.random() < 0.1 else client.id}-1")
        return Asker(client.id, user, purposes, BEHIND if dice.random() < 0.1 else None)

    async def look(self) -> None:
        """A reader reads whatever there is of one citizen."""
        patient = self.dice.choice((patient_of(SARAH), patient_of(SARAH), patient_of(SARAH), UNKNOWN))
        asker, database = self._asker(), self.here.http.gateway.database
        rows = await database.fetch(
            "SELECT kind, id FROM resource WHERE citizen = (SELECT citizen FROM resource WHERE kind = 'Patient' AND id"
            " = $1)", patient,
        )  # fmt: skip
        asked = frozenset(f"{row['kind']}/{row['id']}" for row in rows if row["kind"] in CLINICAL)
        if not asked:
            return
        bearer, shown = await asker.bearer(self.here), dict[str, bool]()
        for path in sorted(asked):
            answer = await self.here.http.raw("GET", f"/fhir/{path}", bearer)
            assert answer.status in (200, 403, 404), (path, answer.status, answer.body)
            if answer.status == 200:
                security = answer.json()["meta"].get("security", [])
                shown[path] = any(one["code"] == "REDACTED" for one in security)
        self.done["shown" if shown else "nothing shown"] += 1
        self.looks.append(Look(asker, self.here.http.world.clock(), patient, asked, shown))
        await self.explained(self.looks[-1], now=True)
        self.pass_by(90)

    async def explained(self, look: Look, *, now: bool) -> None:
        """The auditor asks the same, as of then."""
        asked = look.asker.question(look.patient) | ({} if now else {"when": look.at.isoformat()})
        headers = await self.here.bearer("auditor") | {"Content-Type": JSON}
        answer = await self.here.http.web.post("/fhir/$explain-access", headers=headers, content=json.dumps(
            question(**asked)))  # fmt: skip
        told = decisions(answer)
        for path in sorted(look.asked):
            if path not in told and not now and await self._is_gone(path):
                self.done["gone since"] += 1  # a stay that was told better since: the answer says that it leaves it out
                assert any("told better" in one["valueString"] for one in answer.json()["parameter"] if one["name"]
                           == "as-of-today")  # fmt: skip
                continue
            assert path in told, (look.asker, look.at, path, "is not told of", now)
            said = told[path]
            really = "permit" if path in look.shown else "deny"
            assert said["outcome"] == really, (look.asker, look.at, path, said, now)
            if really == "permit":
                assert bool(said["redaction"]) == look.shown[path], (look.asker, look.at, path, said, now)
                self.done["redacted"] += look.shown[path]
            self.done[said.get("reason") or said["basis"]] += 1

    async def _is_gone(self, path: str) -> bool:
        kind, identity = path.split("/")
        sql = "SELECT NOT EXISTS (SELECT FROM resource WHERE kind = $1 AND id = $2)"
        return bool(await self.here.http.gateway.database.fetchval(sql, kind, identity))


def _named(kind: str, number: tuple[str, str]) -> Body:
    return {"type": kind, "identifier": {"system": number[0], "value": number[1]}}


async def play(here: Doors, seed: int, steps: int) -> Counter[str]:
    """One world; how often what happened in it."""
    played = Played(here, random.Random(seed))
    await note_registrations(here.http.gateway, registered((*READERS, AUDITOR)))
    played.pass_by(90)
    await here.arrive(("social", order(SARAH, plan("p0", goal=[{"reference": "Goal/g0"}]), goal("g0"))),
                      ("psyk", stay(SARAH)), ("psyk", unknown(stay(SARAH, "A01", 2, visit="V9"))))  # fmt: skip
    for _ in range(steps):
        await played.happens()
        for _ in range(played.dice.randint(1, 3)):
            await played.look()
    for look in played.looks:
        await played.explained(look, now=False)
    return played.done
