"""Which resources become which MedCom messages: a stay at a hospital is the HospitalNotifications that tell of it, a
Communication a CareCommunication."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.domain.report import is_request
from gateway.domain.when import instant
from gateway.errors import BadRequest, MissingField
from gateway.translate.fhir import write_json
from gateway.translate.medcom.lifecycle import Lifecycle, read
from gateway.translate.medcom.original import Party
from gateway.translate.medcom.out.correspondence import letters
from gateway.translate.medcom.out.course import NOTIFIED, notices
from gateway.translate.medcom.out.notice import Envelope
from gateway.translate.medcom.out.party import party
from gateway.translate.medcom.out.whom import patient_of
from gateway.translate.rules.codes import Codes, CodeTable
from gateway.translate.rules.problems import Problems

Json = dict[str, Any]

_MUNICIPALITIES = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
_OTHERS = "*"


def messages(
    resources: Sequence[Json], now: datetime, mappings: Path, write: Callable[[Json], bytes] = write_json
) -> list[bytes]:
    """The messages that resources become, one line each: stay by stay its notifications, then the correspondence; by
    the lifecycle table and the code tables in `mappings`.

    Raises BadRequest when nothing becomes one, MissingField and its kin for what a message needs and lacks.
    """
    problems = Problems()
    table = read(mappings / "medcom" / "lifecycle.csv", "mappings/medcom/lifecycle.csv", problems)
    codes = Codes.read(mappings / "codes", problems)
    problems.check()
    told: list[bytes] = []
    for stay in _stays(resources):
        told += [write(one) + b"\n" for one in _notified(stay, resources, now, table, codes.tables)]
    told += [write(one) + b"\n" for one in letters(resources, now, codes.tables["locations"])]
    if not told:
        hint = "A stay at a hospital (IMP, EMER) does, and a Communication."
        raise BadRequest("Nothing here becomes a MedCom message", hint=hint)
    return told


def _stays(resources: Sequence[Json]) -> list[Json]:
    """The stays that are notified, in the order in which they began."""
    found = [one for one in resources if one.get("resourceType") == "Encounter"]
    notified = [one for one in found if one.get("class", {}).get("code") in NOTIFIED]
    return sorted(notified, key=lambda one: (one.get("period", {}).get("start", ""), one.get("id", "")))


def _notified(
    stay: Json, resources: Sequence[Json], now: datetime, table: Lifecycle, codes: dict[str, CodeTable]
) -> Iterator[Json]:
    patient = patient_of(stay.get("subject", {}), resources, "Encounter.subject")
    here = f"Encounter/{stay.get('id')}"
    tasks = [one for one in resources if one.get("resourceType") == "Task" and is_request(one)]
    task: Json = next((one for one in tasks if one.get("encounter", {}).get("reference") == here), {})
    locations = codes["locations"]
    if "serviceProvider" not in stay:
        raise MissingField(where="Encounter.serviceProvider")
    provider = party(stay["serviceProvider"], locations, "Encounter.serviceProvider")
    sender = party(task["requester"], locations, "Task.requester") if "requester" in task else provider
    envelope = Envelope(sender, _receiver(task, patient, codes), provider, now, report=bool(task))
    died = _died(stay, patient, resources)
    yield from (one.bundle for one in notices(stay, patient, envelope, table, died=died))


def _receiver(task: Json, patient: Json, codes: dict[str, CodeTable]) -> Party:
    """Whom the hospital asked for a report, else the unit of the citizen's municipality (notified.csv)."""
    if "owner" in task:
        return party(task["owner"], codes["locations"], "Task.owner")
    table = codes["notified"]
    rows = [table.find(_MUNICIPALITIES, code) for code in _municipalities(patient)]
    row = next((one for one in (*rows, table.find("", _OTHERS)) if one is not None and one.target_code), None)
    if row is None:
        raise MissingField("Nobody is named to notify.", where="Patient.address", hint="mappings/codes/notified.csv.")
    number = {"system": row.target_system, "value": row.target_code}
    return party({"identifier": number, "display": row.display}, codes["locations"], "mappings/codes/notified.csv")


def _municipalities(patient: Json) -> Iterator[str]:
    """The codes of the municipalities that the citizen lives in, as DK Core writes them into addresses."""
    for address in patient.get("address", ()):
        for extension in address.get("extension", ()):
            for coding in extension.get("valueCodeableConcept", {}).get("coding", ()):
                if coding.get("system") == _MUNICIPALITIES and coding.get("code"):
                    yield str(coding["code"]).rjust(4, "0")


def _died(stay: Json, patient: Json, resources: Sequence[Json]) -> bool:
    """Whether the stay ended with the citizen's death: who is dead died in the last of the stays, unless it was
    later."""
    end = stay.get("period", {}).get("end")
    if end is None or not (patient.get("deceasedBoolean") or "deceasedDateTime" in patient):
        return False
    same = [one for one in _stays(resources) if one.get("subject") == stay.get("subject")]
    last = max(instant(one["period"]["end"]) for one in same if "end" in one.get("period", {}))
    died = patient.get("deceasedDateTime")
    return instant(end) == last and (died is None or len(died) == 10 or instant(died) <= last)
