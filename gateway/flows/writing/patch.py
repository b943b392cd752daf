"""Patch: changes to what the source wrote, kept as an update. http://hl7.org/fhir/R4/http.html#patch"""

from __future__ import annotations

from gateway.domain.caller import Caller
from gateway.domain.fold import SUBJECT
from gateway.errors import BadRequest
from gateway.flows.parts import Gateway
from gateway.flows.writing.asked import Around, Json, Standing, Word, Work
from gateway.flows.writing.standing import Writable, check_version, writable
from gateway.flows.writing.update import written


async def patch(gateway: Gateway, caller: Caller, work: Work, around: Around) -> Word | Standing:
    """The word that the patched resource is. Raises as an update does, and what is wrong with the change."""
    standing = await writable(gateway, caller, work)
    check = check_version(standing, work.asked)
    if work.asked.change is None:
        raise BadRequest("There is nothing to change")
    changed = work.asked.change(_base(standing, work.asked.kind, work.asked.identity))
    return await written(gateway, caller, work, around, standing, changed, check)


def _base(standing: Writable, kind: str, identity: str) -> Json:
    """What the caller changes: the words of its own source, never what was taken away for its eyes."""
    if standing.own is None:
        return standing.shown
    body = {"resourceType": kind, "id": identity, **standing.own.body}
    if kind not in ("Patient", "Appointment"):
        citizen = {"reference": f"Patient/{standing.citizen.id}"}
        body[SUBJECT.get(kind, "subject")] = [citizen] if kind == "Account" else citizen
    return body
