"""Resources of one file as the fold would hold them: what writers expect, whoever made the Bundle.

References lead to `Type/id` whichever way they were written (`https://…/Type/id`, `urn:uuid:…`), and organisations and
people who work there are named by number, name and contact where something points at them, as no resources of theirs
are kept here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.identifier import normal
from gateway.domain.statement import Body
from gateway.errors import MissingField, RuleBroken
from gateway.translate.fhir.structure import structure

CONTACT = "https://faellesplan.dk/fhir/StructureDefinition/contact-person"
_NAMED = ("Organization", "Practitioner")
_ABOUT_THE_BUNDLE = ("OperationOutcome", "Parameters", "Bundle")  # what an answer says of itself


def settled(resources: Sequence[Body]) -> list[Body]:
    """The same resources, in their order; references to what is not among them stay as they are.

    Raises RuleBroken with the place for what is no R4, as writers look no further, and MissingField for what has no id.
    Types that are not known here are nobody's to write.
    """
    resources = [_sound(one) for one in resources if _kind(one) not in _ABOUT_THE_BUNDLE]
    known = {name: one for one in resources for name in (str(one["id"]), _address(one))}
    named = {name: _named(one) for name, one in known.items() if one["resourceType"] in _NAMED}
    return [_settled(one, known, named) for one in resources]


def _address(resource: Body) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _kind(resource: object) -> object:
    return resource.get("resourceType") if isinstance(resource, dict) else None


def _sound(resource: Body) -> Body:
    """A resource that keeps to R4 and has an id; the fold leaves an empty meta, which R4 does not have."""
    if isinstance(resource, dict) and resource.get("meta") == {}:
        resource = {name: value for name, value in resource.items() if name != "meta"}
    fault = next((fault for fault in structure(resource) if fault.rule != "unknown"), None)
    if fault:
        raise RuleBroken(fault.text, where=fault.where)
    if "id" not in resource:
        raise MissingField(where=f"{resource['resourceType']}.id", hint="A resource is known by its id.")
    return resource


def with_files(resources: Sequence[Body]) -> list[Body]:
    """The same resources with the bytes of the Binary resources among them where a document points at one."""
    files = {
        f"Binary/{one['id']}": one["data"] for one in resources if one.get("resourceType") == "Binary" and "data" in one
    }
    return [_with_files(one, files) if one.get("resourceType") == "DocumentReference" else one for one in resources]


def _with_files(document: Body, files: Mapping[str, str]) -> Body:
    content = []
    for one in document.get("content", []):
        attachment = one.get("attachment", {})
        url = str(attachment.get("url", ""))
        file = files.get("/".join(url.split("/")[-2:]))
        if file is not None:
            attachment = {name: value for name, value in attachment.items() if name != "url"} | {"data": file}
        content.append(one | {"attachment": attachment} if attachment else one)
    return document | ({"content": content} if content else {})


def _settled(node: Any, known: Mapping[str, Body], named: Mapping[str, Body]) -> Any:
    if isinstance(node, list):
        return [_settled(item, known, named) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: _settled(value, known, named) for name, value in node.items()}
    meant = _meant(node.get("reference"))
    if meant in named:
        extra = [*made.get("extension", []), *named[meant].get("extension", [])]
        return named[meant] | ({"extension": extra} if extra else {})
    if meant in known:
        made["reference"] = _address(known[meant])
    return made


def _meant(reference: object) -> str:
    """`Type/id` where the type is told, since ids of several types may be the same; else the id alone."""
    if not isinstance(reference, str) or reference.startswith("#"):
        return ""
    told = reference.partition("/_history/")[0].split("/")[-2:]
    return "/".join(told) if len(told) > 1 else told[0].rpartition(":")[2]


def _named(resource: Body) -> Body:
    """A Reference by number and name."""
    numbers = [one for one in resource.get("identifier", []) if one.get("system") and one.get("value")]
    found = normal(numbers[0]["system"], str(numbers[0]["value"])) if numbers else None
    contact: Body = next(iter(resource.get("contact", [])), {})
    told = {"name": _name(contact.get("name")), "telecom": contact.get("telecom")}
    detail = {name: value for name, value in told.items() if value}
    made = {
        "type": resource["resourceType"],
        "identifier": {"system": found.system, "value": found.value} if found else None,
        "display": _name(resource.get("name")),
        "extension": [{"url": CONTACT, "valueContactDetail": detail}] if detail else None,
    }
    return {name: value for name, value in made.items() if value}


def _name(name: Any) -> str:
    """An organisation's name, or a person's first one as a text."""
    if isinstance(name, list):
        name = name[0] if name else ""
    if isinstance(name, dict):
        parts = [*name.get("prefix", []), *name.get("given", []), name.get("family", "")]
        return str(name.get("text") or " ".join(part for part in parts if part))
    return str(name or "")
