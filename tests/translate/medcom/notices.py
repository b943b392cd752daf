"""HospitalNotifications for tests: every variant from the one template in fixtures/messages/medcom."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from gateway.domain.identifier import SOR, Identifier
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.translate.fhir import write_json
from gateway.translate.medcom import MedCom
from gateway.translate.medcom.names import ACTIVITY_CODES, LEAVE, REPORT, REPORT_TO

PROJECT = Path(__file__).parents[3]
TEMPLATE: dict[str, Any] = json.loads((PROJECT / "fixtures/messages/medcom/stin.json").read_text("utf-8"))

HOSPITAL, OTHER_HOSPITAL, STRANGER = "265161000016000", "399841000016000", "999991000016001"
START, LEFT, BACK, END = (f"2025-03-{day}T09:00:00+01:00" for day in (10, 12, 13, 15))
RECORDED = "2025-03-16T08:00:00+01:00"
CPR = "urn:oid:1.2.208.176.1.2"

SOURCE = Source("hn", "Hospital", "region", Identifier(SOR, HOSPITAL), "medcom", (HOSPITAL, OTHER_HOSPITAL))
MEDCOM = MedCom(PROJECT / "mappings", [SOURCE], ids(b"secret"))

Json = dict[str, Any]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def resource(bundle: Json, kind: str, number: int = 0) -> Json:
    """The resource of a type in a Bundle."""
    found = (e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)
    return next(islice(found, number, None))


def notice(
    activity: str = "admit-inpatient",
    *,
    header: str = "now",
    earlier: tuple[tuple[str, str], ...] = (),
    goes_back_to: str = "",
    role: str = "",
    status: str = "in-progress",
    kind: str = "",
    start: str = START,
    end: str = "",
    leave: tuple[str, str] = ("", ""),
    deceased: bool | None = None,
    recorded: str = RECORDED,
) -> Json:
    """A notification. `earlier` are (header id, activity) of the chain, the oldest first."""
    bundle = deepcopy(TEMPLATE)
    _rename(bundle, header)
    del resource(bundle, "MessageHeader")["extension"]  # the report of admission: see `asking`
    encounter, patient = resource(bundle, "Encounter"), resource(bundle, "Patient")
    encounter |= {"status": status, "period": {"start": start} | ({"end": end} if end else {})}
    encounter["class"]["code"] = kind or ("EMER" if "emergency" in activity else "IMP")
    if any(leave):
        period = {name: at for name, at in zip(("start", "end"), leave, strict=True) if at}
        encounter["extension"] = [{"url": LEAVE[0], "valuePeriod": period}]
    if deceased is not None:
        patient["deceasedBoolean"] = deceased
    role = role or ("removal" if activity.startswith("cancel") or deceased is False else "revision")
    _chain(bundle, [*earlier, (header, activity)], goes_back_to, role, recorded)
    return bundle


def asking(bundle: Json, *, value: bool = True) -> Json:
    """The same, and the hospital asks for the report of admission."""
    recipient = {"reference": f"Organization/{resource(bundle, 'Organization', 1)['id']}"}
    resource(bundle, "MessageHeader")["extension"] = [
        {"url": REPORT, "valueBoolean": value},
        {"url": REPORT_TO, "valueReference": recipient},
    ]
    return bundle


def raw(bundle: Json) -> bytes:
    return write_json(bundle)


def _rename(bundle: Json, header: str) -> None:
    bundle["entry"][0]["fullUrl"] = f"MessageHeader/{header}"
    bundle["entry"][0]["resource"]["id"] = header


def _chain(bundle: Json, said: list[tuple[str, str]], goes_back_to: str, role: str, recorded: str) -> None:
    template = bundle["entry"].pop()
    before = ""
    for at, (header, activity) in enumerate(said):
        current = at == len(said) - 1
        entry = deepcopy(template)
        provenance = entry["resource"]
        provenance["id"] = f"provenance-{at}"
        entry["fullUrl"] = f"Provenance/provenance-{at}"
        provenance["target"] = [{"reference": f"MessageHeader/{header}"}]
        provenance["activity"]["coding"] = [{"system": ACTIVITY_CODES, "code": activity}]
        provenance["recorded"] = recorded if current else f"2025-03-1{at}T08:00:00+01:00"
        before = (current and goes_back_to) or before
        if before:
            what = {"reference": f"MessageHeader/{before}"}
            provenance["entity"] = [{"role": role if current else "revision", "what": what}]
        bundle["entry"].append(entry)
        before = header
