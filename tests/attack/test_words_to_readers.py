"""A citizen lets everybody see everything but psychiatry and substance use. What Danish records say of these in their
own words comes in, and goes out by no door: not to the jobcenter, a voluntary helper or another hospital."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import Any

from tests.attack.world import SARAH, Doors, consent, doors, order, patient_of, plan, stay
from tests.inbound.http_world import run

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
READERS = ("jobcenter", "helpers", "herlev")
KINDS = (
    "Condition", "Goal", "CarePlan", "Encounter", "DocumentReference", "Appointment", "ServiceRequest", "Task",
    "Communication", "CareTeam", "Observation",
)  # fmt: skip
HIDDEN = (
    "Leponex", "papirer overvejet", "hører stemmer", "Dg.: F20", "misbr.", "sindslidende", "DF112", "TVANG", "Buvidal",
    "SEL 101",
)  # fmt: skip
SHOWN = "Fysioterapi"
HEAD = (
    "MSH|^~\\&|PAS|HGH|GW|KK|20250302100000+0100||{event}|{number}|P|2.5||||||UNICODE UTF-8\r"
    "PID|1||{cpr}^^^CPR&1.2.208.176.1.2&ISO^NI||Lind^Sarah\rPV1|1|I|M4\r"
)


def message(event: str, number: str, *segments: str) -> bytes:
    return (HEAD.format(event=event, number=number, cpr=SARAH) + "\r".join(segments) + "\r").encode()


LARGE = b64encode(b"{\\rtf1 " + b"Alt vel. " * 9_000 + b"Antabus og abst.}").decode()


def told() -> tuple[tuple[str, bytes], ...]:
    admitted = stay(SARAH, sender="PAS|HGH", unit="M4").decode().rstrip("\r")
    diagnosed = (
        "\rDG1|1||X1^Dg.: F20^L||20250302|A\rDG1|2||DF112^^SKS||20250302|A\rDG1|3||X2^Fysioterapi^L||20250302|A\r"
    )
    goals = (
        "GOL|AD|20250302100000+0100|BOL^Ro^L|G-1^REGH\rNTE|1||Borgeren h\\XC3B8\\rer stemmer",
        "GOL|AD|20250302100000+0100|FYS^Fysioterapi^L|G-2^REGH",
    )
    lines = (
        "OBX|1|TX|28655-9^E^LN||Sat i Leponex og gule||||||F\rOBX|2|TX|28655-9^E^LN||papirer overvejet||||||F",
        f"OBX|1|ED|RTF^E^L||^TEXT^RTF^Base64^{LARGE}||||||F",
        "OBX|1|TX|28655-9^E^LN||Fysioterapi hver uge||||||F",
    )
    letters = [
        message("MDM^T02^MDM_T02", f"L{n}", f"TXA|1|DS|TX|20250302|||||||||D-{n}^REGH|||||AU||AV||||||Brev", line)
        for n, line in enumerate(lines)
    ]
    efforts = (
        plan("a", title="Støtte til sindslidende", description="Efter SEL 101"),
        plan("b", note=[{"text": "Tidl. misbr., nu i Buvidal. TVANG undgås"}]),
        plan("c", title="Fysioterapi og netværk"),
    )
    return (
        ("social", order(SARAH, *efforts)),
        ("herlev", (admitted + diagnosed).encode()),
        ("herlev", message("PGL^PC6^PGL_PC6", "P1", *goals)),
        *(("herlev", letter) for letter in letters),
    )


def asked(patient: str, ids: list[str]) -> list[str]:
    """Every look at all that there is."""
    found = [
        f"{kind}?patient={patient}{more}"
        for kind in KINDS
        for more in ("&_include=*&_revinclude=*", "&_summary=text", "&_format=xml")
    ]
    found += [f"{one}/_history" for one in ids]
    found += [f"Patient/{patient}/$everything", f"Patient/{patient}/$joint-plan"]
    found += [f"Patient/{patient}/$joint-plan?_format=xml", f"Patient/{patient}/$joint-plan?at=2027-01-01"]
    return [*found, f"Provenance?patient={patient}", f"AuditEvent?patient={patient}"]


_DATA = re.compile(r'"data":"([^"]+)"')


async def everything(here: Doors, who: str, patient: str, ids: list[str]) -> str:
    answers = [(await here.get(who, path)).body.decode() for path in asked(patient, ids)]
    inside = [b64decode(found).decode(errors="replace") for one in answers for found in _DATA.findall(one)]
    return "\n".join((*answers, *inside))


async def there(here: Doors) -> list[str]:
    rows = await here.http.gateway.database.fetch("SELECT kind, id FROM resource ORDER BY kind, id")
    return [f"{row['kind']}/{row['id']}" for row in rows]


def test_what_is_kept_back_is_read_by_nobody(database_url: str) -> None:
    async def test() -> None:
        async with doors(database_url) as here:
            await here.arrive(*told())
            patient, ids = patient_of(SARAH), await there(here)
            (file,) = [row["id"] for row in await here.http.gateway.database.fetch("SELECT id FROM attachment")]
            kept = [{"system": ACT_CODE, "code": code} for code in ("PSY", "SUD", "ETHUD", "OPIOIDUD")]
            all_of_it = consent(patient, "permit")
            allowed = await here.write("social", all_of_it)
            assert allowed.status == 201, allowed.body
            seen = {who: await everything(here, who, patient, ids) for who in READERS}
            assert (await here.get("jobcenter", f"Binary/{file}")).status == 200
            for word in HIDDEN:
                assert any(word in one for one in seen.values()), (word, "it is there to be hidden")
            back: dict[str, Any] = {"provision": [{"type": "deny", "securityLabel": kept}]}
            identity = allowed.headers["location"].partition("/Consent/")[2].partition("/")[0]
            changed = await here.write("social", consent(patient, "permit", provision=back), identity)
            assert changed.status == 200, changed.body
            assert (await here.get("jobcenter", f"Binary/{file}")).status == 404
            for who in READERS:
                left = await everything(here, who, patient, ids)
                assert not [word for word in HIDDEN if word in left], who
                assert (SHOWN in left) == (SHOWN in seen[who]), who

    run(test)
