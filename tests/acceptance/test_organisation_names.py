"""One hospital is one organisation with a name, whichever language its messages are in and whatever number they use."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from gateway import bootstrap
from gateway.cli.together import folded
from gateway.cli.translate import SECRET
from gateway.domain.resource import ids
from tests.translate.medcom.notices import notice, raw, resource

ROOT = Path(__file__).parents[2]
SOR = "urn:oid:1.2.208.176.1.1"
HERLEV = {"system": SOR, "value": "265161000016000"}
PSYK = {"system": SOR, "value": "399841000016000"}
Json = dict[str, Any]


@pytest.fixture(scope="module")
def rules() -> bootstrap.Rules:
    return bootstrap.read_rules(ROOT / "mappings", SECRET)


def made(rules: bootstrap.Rules, door: str, message: bytes, kind: str) -> Json:
    found = rules.languages.of(door).translate(message)
    (one,) = [r for r in folded([found], ids(SECRET), {s.id: s for s in rules.sources}) if r.kind == kind]
    return one.body


def admission(place: str, sender: str = "SP|HGH", more: str = "") -> bytes:
    lines = [
        f"MSH|^~\\&|{sender}|GW|KK|20260302090000+0100||ADT^A01|M1|P|2.5||||||UNICODE UTF-8",
        "EVN|A01|20260302090000+0100",
        "PID|||2512489996^^^CPR||Eksempelsen^Åse||19481225|F",
        f"PV1||I|{place}" + "|" * 16 + "77",
        more,
    ]
    return "\r".join(lines).encode()


@pytest.mark.parametrize(
    ("place", "sender", "number", "name"),
    [
        (f"K045^2^1^{HERLEV['value']}&1.2.208.176.1.1&ISO", "SP|HGH", HERLEV, "Herlev og Gentofte Hospital"),
        ("K045^2^1^HGH", "SP|HGH", HERLEV, "Herlev og Gentofte Hospital"),
        ("K045^2^1^HGH&1.2.208.176.1.1&ISO", "SP|HGH", HERLEV, "Herlev og Gentofte Hospital"),
        ("K045^2^1", "PAS|HGH", HERLEV, "Herlev og Gentofte Hospital"),
        (f"812^12^2^{PSYK['value']}&1.2.208.176.1.1&ISO", "SP|REGH", PSYK, "Psykiatrisk Center København"),
        ("812^12^2", "SP|REGH", PSYK, "Psykiatrisk Center København"),
    ],
)
def test_a_hospital_in_hl7_v2_has_its_number_and_its_name(
    rules: bootstrap.Rules, place: str, sender: str, number: Json, name: str
) -> None:
    provider = made(rules, "hl7v2", admission(place, sender), "Encounter")["serviceProvider"]
    assert provider == {"type": "Organization", "identifier": number, "display": name}


def test_a_ward_is_named_without_numbers(rules: bootstrap.Rules) -> None:
    place = f"812^12^2^{PSYK['value']}&1.2.208.176.1.1&ISO^^^^^Psykiatrisk modtagelse"
    (at,) = made(rules, "hl7v2", admission(place, "SP|REGH"), "Encounter")["location"]
    assert at["location"]["display"] == "Psykiatrisk modtagelse, 812-12-2"


def test_a_code_in_the_place_of_a_sor_number_is_no_sor_number(rules: bootstrap.Rules) -> None:
    provider = made(rules, "hl7v2", admission("A1^^^XYZ&1.2.208.176.1.1&ISO"), "Encounter")["serviceProvider"]
    assert provider["identifier"] == {"system": "urn:faellesplan:source:regionh-somatik-adt:facility", "value": "XYZ"}


def test_who_somebody_works_for_is_named(rules: bootstrap.Rules) -> None:
    role = "ROL||AD|AT^Attending^HL70443|A1^Holm^Pia" + "|" * 10 + "^^^^^SOR^^^^265161000016000"
    team = made(rules, "hl7v2", admission("K045^2^1^HGH", more=role), "CareTeam")
    assert team["participant"][0]["onBehalfOf"]["display"] == "Herlev og Gentofte Hospital"
    assert team["name"] == team["managingOrganization"][0]["display"] == "Herlev og Gentofte Hospital"


def test_a_notification_without_names(rules: bootstrap.Rules) -> None:
    """Organization.name is optional: the receiver looks the number up."""
    named = notice()
    bare = deepcopy(named)
    for number in (0, 1):
        resource(bare, "Organization", number).pop("name")
    providers = [made(rules, "fhir-message", raw(one), "Encounter")["serviceProvider"] for one in (named, bare)]
    assert [one["identifier"] for one in providers] == [HERLEV, HERLEV]
    assert providers[0]["display"] == "Psykiatrisk afsnit 4, Prøvehospitalet"
    assert providers[1]["display"] == "Herlev og Gentofte Hospital"


def test_the_authority_behind_a_caseworker_is_named(rules: bootstrap.Rules) -> None:
    text = (ROOT / "fixtures/messages/oio/sag.xml").read_text("utf-8")
    name, other = "<si:FuldtNavn>Asger Lindholt</si:FuldtNavn>", "<si:FuldtNavn>Vibeke Thorup Damsgaard</si:FuldtNavn>"
    text = text.replace(name, f"{name}<si:CVR-Nummer>11259979</si:CVR-Nummer>")
    text = text.replace(other, f"{other}<si:CVR-Nummer>64942212</si:CVR-Nummer>")
    team = made(rules, "oio", text.encode(), "CareTeam")
    behalf = [p["onBehalfOf"] for p in team["participant"] if "onBehalfOf" in p]
    assert behalf == [
        {"type": "Organization", "identifier": {"system": "http://cvr.dk", "value": "64942212"}},
        {"type": "Organization", "identifier": {"system": "http://cvr.dk", "value": "11259979"},
         "display": "Frederiksberg Kommune"},
    ]  # fmt: skip
