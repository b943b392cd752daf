"""A resource that comes by REST: validated, and without what the server owns."""

from __future__ import annotations

from typing import Any

from gateway.domain.plan import is_joint
from gateway.errors import BadRequest
from gateway.translate.fhir.consent import check_meaning
from gateway.translate.fhir.validating.written import check_written

Json = dict[str, Any]

_BELIEVED = ("profile", "security")
"""What of `meta` is taken from a client; labels are compared with those before (domain/labels.py `kept`)."""


def given(resource: Json, kind: str, identity: str = "") -> Json:
    """The elements of a resource of this type, without type, id and what the server owns.

    Raises BadRequest for another type or id, RuleBroken or MissingField with the place of what is wrong in it.
    """
    if resource.get("resourceType") != kind:
        raise BadRequest(f"A {kind} was expected", where="resourceType")
    if identity and resource.get("id") != identity:
        raise BadRequest("The id in the body is not the id in the URL", where=f"{kind}.id")
    check_written(resource)
    if kind == "Consent":
        check_meaning(resource)
    body = {name: value for name, value in resource.items() if name not in ("resourceType", "id", "meta")}
    if kind == "Consent":
        body.pop("text", None)  # a narrative can say what the provisions do not
    if kind == "CarePlan":
        _leave_the_joint_plan(body)
    meta = {name: value for name, value in resource.get("meta", {}).items() if name in _BELIEVED}
    return body | ({"meta": meta} if meta else {})


def _leave_the_joint_plan(body: Json) -> None:
    """That a plan is part of the joint one goes without saying, and is said again when it is shown."""
    kept = [one for one in body.pop("partOf", []) if not _is_joint(one)]
    if kept:
        body["partOf"] = kept


def _is_joint(reference: Json) -> bool:
    kind, _, identity = str(reference.get("reference", "")).rpartition("/")
    return is_joint(kind.rpartition("/")[2], identity)
