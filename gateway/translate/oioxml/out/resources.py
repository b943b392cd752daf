"""Which resources become which letters: a Communication is an XDIS91, a hospital's request its XDIS16."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.domain.correspondence import without_bare_files
from gateway.domain.report import is_request
from gateway.errors import BadRequest, MissingField
from gateway.translate.oioxml.out.correspondence import Tables, Written, letters
from gateway.translate.oioxml.out.parties import Party, party
from gateway.translate.oioxml.out.report import report
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems

Json = dict[str, Any]


def messages(resources: Sequence[Json], now: datetime, mappings: Path) -> list[bytes]:
    """The letters that resources become, in the order of `resources`, by the code tables in `mappings`.

    Raises BadRequest when nothing becomes one, or when nobody says whom it is about.
    """
    tables = Tables.of(Codes.read(mappings / "codes", Problems()))
    correspondence = [one for one in resources if one.get("resourceType") == "Communication"]
    bare = [one for one in correspondence if one not in without_bare_files(correspondence)]
    told = [letter for one in resources if one not in bare for letter in _letters(one, resources, now, tables)]
    if not told:
        raise BadRequest("Nothing here becomes a letter", hint="A Communication does, and a request for a report.")
    return [letter.body for letter in told]


def ends(task: Json, tables: Tables) -> tuple[Party, Party]:
    """Who answers a request, and whom: its owner, and where the hospital wants the report, else itself."""
    for name in ("owner", "requester"):
        if name not in task:
            raise MissingField(where=f"Task.{name}")
    wanted = [one["valueReference"] for one in task.get("input", ()) if "valueReference" in one]
    to = next(iter(wanted), task["requester"])
    return (
        party(task["owner"], (), tables.locations, "Task.owner"),
        party(to, (), tables.locations, "Task.input" if wanted else "Task.requester"),
    )


def _letters(resource: Json, resources: Sequence[Json], now: datetime, tables: Tables) -> list[Written]:
    kind = resource.get("resourceType")
    if kind == "Communication":
        files = {
            f"Binary/{one['id']}": base64.b64decode(one["data"])
            for one in resources
            if one.get("resourceType") == "Binary" and "data" in one
        }
        return letters(resource, _patient(resource.get("subject", {}), resources), tables, now, files)
    if kind == "Task" and is_request(resource):
        patient = _patient(resource.get("for", {}), resources)
        parts = [part for part in resources if not _of_hospital(part, resource)]
        return [report(resource, parts, patient, *ends(resource, tables), now)]
    return []


def _of_hospital(part: Json, task: Json) -> bool:
    """Whether the hospital that asks wrote this itself: its own plan, team or diagnosis."""
    asks = task.get("requester", {}).get("identifier", {}).get("value")
    if part.get("resourceType") == "Condition":
        codes = [coding.get("code") for one in part.get("category", ()) for coding in one.get("coding", ())]
        return "encounter-diagnosis" in codes
    owners = {"CarePlan": [part.get("author", {})], "CareTeam": part.get("managingOrganization", [])}
    return asks in [one.get("identifier", {}).get("value") for one in owners.get(str(part.get("resourceType")), ())]


def _patient(subject: Json, resources: Sequence[Json]) -> Json:
    """The Patient that a resource is about; without a subject the only one there is."""
    wanted = str(subject.get("reference", "")).rpartition("/")[2].removeprefix("urn:uuid:")
    found = [one for one in resources if one.get("resourceType") == "Patient"]
    named = [one for one in found if one.get("id") == wanted] if wanted else found
    if len(named) == 1:
        return named[0]
    if subject.get("identifier"):
        return {"resourceType": "Patient", "identifier": [subject["identifier"]]}
    raise BadRequest("Nobody says whom this is about", hint="Give a Bundle that holds the Patient as well.")
