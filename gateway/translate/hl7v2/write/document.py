"""DocumentReference → MDM^T02; one that was entered in error → MDM^T11, which names it alone.

What comes back in by mappings/hl7v2/document.yaml has the same number, type, times, people, labels, content and
relation. Text goes out as formatted text (FT) where nothing of it would be lost, everything else as ED in base64.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors import BadRequest
from gateway.translate.hl7v2.write import fields
from gateway.translate.hl7v2.write.message import Envelope, Field, Formatted, Segment, written

Json = Mapping[str, Any]

VERSION = "2.7"  # the first with a coded document type (TXA-2); a title (TXA-25) since 2.6
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_COMPLETION = {"final": "AU", "amended": "AU", "preliminary": "IP"}
_AVAILABILITY = {"current": "AV", "superseded": "OB"}
_SECRECY = {"V": "V", "R": "R", "N": "U", "M": "U", "L": "U", "U": "U"}
_DOWNWARDS = "VRNMLU"
_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_OWN = "https://faellesplan.dk/fhir/DocumentReference"  # numbers of documents that nobody has numbered


def document(resource: Json, patient: Json, others: Sequence[Json], envelope: Envelope) -> bytes:
    """The message. `others` are resources in which the parent document's number may be found.

    Raises BadRequest when the patient has no number or the content cannot be read.
    """
    if not any(one.get("value") for one in patient.get("identifier", [])):
        raise BadRequest("The citizen has no identifier", where="Patient.identifier")
    resource = {**resource, "content": [_whole(one, others) for one in resource.get("content", [])]}
    event = "T11" if resource.get("status") == "entered-in-error" else "T02"
    segments: list[Segment] = [
        ("EVN", {2: envelope.sent.strftime("%Y%m%d%H%M%S%z")}),
        ("PID", fields.pid(patient)),
        ("PV1", {2: "N", 19: _stay(resource)}),
        ("TXA", _txa(resource, others)),
    ]
    if event == "T02":
        segments += [("OBX", {**one, 1: str(n)}) for n, one in enumerate(_contents(resource), 1)]
    return written(("MDM", event, "MDM_T02" if event == "T02" else "MDM_T01"), envelope, segments, VERSION)


def _txa(resource: Json, others: Sequence[Json]) -> Mapping[int, Field]:
    context = resource.get("context", {})
    orders = [r["identifier"] for r in context.get("related", []) if r.get("identifier")]
    return {
        1: "1",
        2: fields.cwe(resource.get("type")) or "CN",
        3: "TX" if any(_text(one) is not None for one in _attachments(resource)) else "AP",
        4: fields.dtm(context.get("period", {}).get("start")),
        6: fields.dtm(resource.get("date")),
        9: [fields.xcn(one) for one in resource.get("author", [])],
        10: [fields.xcn(resource.get("authenticator"))],
        12: fields.ei(_number(resource)),
        13: fields.ei(_parent(resource, others)),
        14: [fields.ei(one) for one in orders],
        16: next((str(one["value"]) for one in resource.get("identifier", []) if one.get("value")), ""),
        17: _COMPLETION.get(resource.get("docStatus", ""), "DO"),
        18: _secrecy(resource),
        19: _AVAILABILITY.get(resource.get("status", ""), ""),
        25: [str(resource["description"])] if resource.get("description") else "",
    }


def _contents(resource: Json) -> list[Mapping[int, Field]]:
    """One OBX for each attachment. The first text may be formatted text; several of those would be read as one."""
    found: list[Mapping[int, Field]] = []
    plain = True
    for one in _attachments(resource):
        name = ("DOC", str(one.get("title") or resource.get("description") or "Dokument"), "L")
        text = _text(one) if plain else None
        if text is not None:
            plain = False
            value: tuple[str, Field] = ("FT", Formatted(text))
        elif one.get("url") and not one.get("data"):
            value = ("RP", (str(one["url"]), "", *_media(one)))
        else:
            value = ("ED", ("", *_media(one), "Base64", _data(one)))
        found.append({2: value[0], 3: name, 4: str(len(found) + 1), 5: value[1], 11: "F"})
    return found


def _whole(content: Json, others: Sequence[Json]) -> Json:
    """With the bytes of a file that is kept beside the document (filed.py)."""
    attachment = content.get("attachment", {})
    kind, _, identity = str(attachment.get("url", "")).rpartition("/")
    if kind != "Binary":
        return content
    for one in others:
        if one.get("resourceType") == "Binary" and one.get("id") == identity and one.get("data"):
            return {**content, "attachment": {**attachment, "data": one["data"]}}
    hint = "Give a Bundle that holds the Binary as well."
    raise BadRequest("A file of the document is not here", where="DocumentReference.content.attachment.url", hint=hint)


def _attachments(resource: Json) -> list[Json]:
    return [one["attachment"] for one in resource.get("content", []) if "attachment" in one]


def _text(attachment: Json) -> str | None:
    """The text of an attachment that reads the same after a round through FT: no control characters, no blanks around
    it. RTF is text too."""
    if attachment.get("contentType", "").partition(";")[0] not in ("text/plain", "text/rtf"):
        return None
    try:
        text = base64.b64decode(_data(attachment), validate=True).decode()
    except (ValueError, binascii.Error):
        return None
    lines = text.split("\n")
    safe = text and text == text.strip() and not _UNSAFE.search(text) and '""' not in lines
    rtf = attachment["contentType"].startswith("text/rtf")
    return text if safe and rtf == text.startswith("{\\rtf") else None


def _data(attachment: Json) -> str:
    data = "".join(str(attachment.get("data", "")).split())
    try:
        base64.b64decode(data, validate=True)
    except (ValueError, binascii.Error):
        raise BadRequest("The content is no base64", where="DocumentReference.content.attachment.data") from None
    return data


def _media(attachment: Json) -> tuple[str, str]:
    kind, _, subtype = str(attachment.get("contentType", "")).partition(";")[0].partition("/")
    return (kind or "application", subtype or "octet-stream")


def _number(resource: Json) -> Json:
    """The document's own number; of one that has none, the id it has here."""
    given = resource.get("masterIdentifier") or next(iter(resource.get("identifier", [])), None)
    return given or {"system": _OWN, "value": str(resource.get("id", ""))}


def _parent(resource: Json, others: Sequence[Json]) -> Json | None:
    for one in resource.get("relatesTo", []):
        target = one.get("target", {})
        if target.get("identifier"):
            return dict(target["identifier"])
        wanted = str(target.get("reference", "")).rpartition("/")[2]
        found = next((o for o in others if wanted and o.get("id") == wanted), None)
        if found is not None:
            return _number(found)
    return None


def _stay(resource: Json) -> Field:
    stays = resource.get("context", {}).get("encounter", [])
    number = next((one["identifier"] for one in stays if one.get("identifier", {}).get("value")), None)
    return (str(number["value"]), "", "", fields.hd(number.get("system")), "VN") if number else ""


def _secrecy(resource: Json) -> str:
    """The highest confidentiality that is told, as table 0272 has it."""
    labels = [*resource.get("meta", {}).get("security", [])]
    labels += [coding for one in resource.get("securityLabel", []) for coding in one.get("coding", [])]
    codes = {label.get("code") for label in labels if label.get("system") == _CONFIDENTIALITY}
    highest = next((code for code in _DOWNWARDS if code in codes), "")
    return _SECRECY.get(highest, "")
