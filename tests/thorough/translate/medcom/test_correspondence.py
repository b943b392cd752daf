"""CareCommunication: what becomes of a message, and what refuses one, with its place."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from gateway.domain.correspondence import message_key
from gateway.domain.identifier import CPR, D_ECPR, SOR, X_ECPR
from gateway.domain.resource import ids
from gateway.errors import (
    GatewayError,
    MissingField,
    RuleBroken,
    TooLarge,
    UnknownCode,
    UnknownEvent,
    UnknownVersion,
    Unreadable,
    WrongType,
)
from gateway.translate.fhir import parse, write_xml
from gateway.translate.medcom.carecommunication import files as files_module
from gateway.translate.medcom.header import Dangling
from tests.translate.medcom.letters import (
    CARE,
    CITIZEN,
    CORE,
    DEFINITION,
    PDF,
    Json,
    file,
    letter,
    part,
    payload,
    told,
    uuid,
    written,
)
from tests.translate.medcom.notices import HOSPITAL, OTHER_HOSPITAL

IDS = ids(b"secret")


def refused(bundle: Json) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        CARE.translate(written(bundle))
    return caught.value


def test_a_message() -> None:
    body = told(letter("Kære Team", topic="Hjemkomst", files=[file()]))
    assert body["identifier"] == [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid(100)}"}]
    assert body["partOf"][0]["identifier"]["value"] == f"urn:uuid:{uuid(1)}"
    assert (body["status"], body["topic"]) == ("completed", {"text": "Hjemkomst"})
    assert body["category"][0]["coding"][0]["display"] == "Koordinering af indsats"
    assert body["reasonCode"][0]["coding"][0]["code"] == "new-message"
    assert body["sent"] == "2025-03-10T09:00:00+01:00"
    assert body["sender"]["identifier"] == {"system": SOR, "value": HOSPITAL}
    assert [one["display"] for one in body["recipient"]] == ["Enheden receiver", "Birgit Holm"]
    assert body["extension"][0]["valueReference"]["display"] == "Team 80+"
    text, attached = body["payload"]
    assert text["contentString"] == "Kære Team"
    author = next(e for e in text["extension"] if e["url"] == f"{CORE}-practitioner-extension")
    assert author["valueReference"]["display"] == "Michael Bech, Sygeplejerske"
    assert "data" not in attached["contentAttachment"]
    assert attached["contentAttachment"]["size"] == len(PDF)
    assert "subject" not in body
    kinds = {one["id"]: one["resourceType"] for one in body["contained"]}
    assert set(kinds.values()) == {"CareTeam", "Encounter", "Organization", "Practitioner", "PractitionerRole"}


def test_both_numbers_of_sender_and_receiver_are_kept() -> None:
    body = told(letter())
    contained = {f"#{one['id']}": one for one in body["contained"]}
    for party in (body["sender"], body["recipient"][0]):
        systems = {number["system"] for number in contained[party["reference"]]["identifier"]}
        assert systems == {SOR, "http://www.gs1.org/gln"}


def test_the_stay_comes_with_its_episode() -> None:
    body = told(letter())
    stay = next(one for one in body["contained"] if one["resourceType"] == "Encounter")
    assert body["encounter"] == {"reference": "#encounter"}
    assert (stay["status"], stay["class"]) == ("in-progress", {"code": "IMP"})
    assert stay["episodeOfCare"][0]["identifier"]["value"] == uuid(900)


def test_an_answer_finds_its_question_whichever_comes_first() -> None:
    question = CARE.translate(written(letter(header=uuid(7))))
    answer = letter(header=uuid(8), activity="reply-message", answers=(uuid(7), HOSPITAL), sender=OTHER_HOSPITAL,
                    receiver=HOSPITAL)  # fmt: skip
    key = next(s.key for s in question.statements if s.kind == "Communication")
    assert told(answer)["inResponseTo"] == [{
        "reference": f"Communication/{IDS('Communication', key)}", "type": "Communication",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid(7)}"},
    }]  # fmt: skip


def test_without_the_chain_the_receiver_of_an_answer_is_who_asked() -> None:
    answer = letter(header=uuid(8), activity="reply-message", answers=(uuid(7), ""), sender=OTHER_HOSPITAL,
                    receiver=HOSPITAL)  # fmt: skip
    key = message_key(f"{SOR}|{HOSPITAL}", uuid(7), f"{CPR}|{CITIZEN}")
    assert told(answer)["inResponseTo"][0]["reference"] == f"Communication/{IDS('Communication', key)}"


def test_an_answer_to_a_letter_of_the_old_kind() -> None:
    answer = letter(activity="reply-message")
    part(answer, "Provenance", "now")["entity"].append(
        {"role": "revision", "what": {"identifier": {"value": "5790001382445#Brevt23400929"}}}
    )
    assert told(answer)["inResponseTo"][0]["identifier"]["value"] == "urn:uuid:5790001382445#Brevt23400929"


def test_a_message_does_not_answer_itself() -> None:
    error = refused(letter(header=uuid(7), activity="reply-message", answers=(uuid(7).upper(), HOSPITAL)))
    assert isinstance(error, RuleBroken)
    assert error.where.endswith(".entity")


def test_a_number_is_the_senders_own_and_about_one_citizen() -> None:
    other = [{"system": CPR, "value": "2505544849"}]
    keys = {
        next(s.key for s in CARE.translate(written(bundle)).statements if s.kind == "Communication")
        for bundle in (letter(), letter(sender=OTHER_HOSPITAL), letter(citizen=other))
    }
    assert len(keys) == 3


def test_the_same_message_in_another_envelope_has_the_same_fingerprint() -> None:
    first = CARE.translate(written(letter(files=[file()])))
    again = letter(files=[file()])
    again |= {"id": "another", "timestamp": "2025-03-10T10:30:00+01:00"}
    assert CARE.translate(written(again)).fingerprint == first.fingerprint
    assert CARE.translate(written(letter(files=[file(b"%PDF other")]))).fingerprint != first.fingerprint


def test_json_and_xml_are_one_message() -> None:
    raw = written(letter("Linje 1\nLinje 2 <b>", files=[file()]))
    in_xml = CARE.translate(write_xml(parse(raw)))
    assert in_xml == CARE.translate(raw)


@pytest.mark.parametrize(
    ("numbers", "best"),
    [
        ([(D_ECPR + ".177", "1206550VK9")], "1206550VK9"),
        ([(D_ECPR + ".177", "1206550VK9"), (X_ECPR, "0703921VJ5")], "0703921VJ5"),
        ([(X_ECPR, "0703921VJ5"), (D_ECPR, "1206550VK9"), (CPR, CITIZEN)], CITIZEN),
        ([(CPR, "0000000000"), (X_ECPR, "0703921VJ5")], "0703921VJ5"),
    ],
)
def test_whom_it_is_about(numbers: list[tuple[str, str]], best: str) -> None:
    citizen = [{"system": system, "value": value} for system, value in numbers]
    assert CARE.translate(written(letter(citizen=citizen))).citizen[0].value == best


def test_unknown_content_is_let_be() -> None:
    bundle = letter()
    bundle["entry"].append({"resource": {"resourceType": "Flag", "id": "f", "status": "active"}})
    part(bundle, "Communication")["extension"].append({"url": "http://other.example/x", "valueString": "?"})
    assert told(bundle) == told(letter())


def test_a_name_that_is_missing_is_looked_up() -> None:
    bundle = letter()
    del part(bundle, "Organization", "receiver")["name"]
    assert told(bundle)["recipient"][0]["display"] == "Psykiatrisk Center København"


def test_markup_is_text() -> None:
    text = "<script>alert(1)</script> & <b>fed</b>"
    assert told(letter(text))["payload"][0]["contentString"] == text


# What is wrong, how it is told, and where.
def _without(kind: str, identity: str, name: str) -> Any:
    return lambda b: part(b, kind, identity).pop(name)


def _communication(**changes: Any) -> Any:
    return lambda b: part(b, "Communication").update(changes)


def _first_extension(name: str, **changes: Any) -> Any:
    def change(bundle: Json) -> None:
        extensions = part(bundle, "Communication")["payload"][0]["extension"]
        at = next(n for n, e in enumerate(extensions) if e["url"] == f"{CORE}-{name}-extension")
        extensions[at : at + 1] = [extensions[at] | changes] if changes else []

    return change


WRONG: dict[str, tuple[Any, type[GatewayError], str]] = {
    "another version": (lambda b: part(b, "MessageHeader").update(definition=f"{DEFINITION}|4.0"), UnknownVersion,
                        "definition"),
    "no definition": (_without("MessageHeader", "", "definition"), MissingField, "definition"),
    "no EAN": (lambda b: part(b, "Organization", "sender")["identifier"].pop(0), MissingField, "identifier"),
    "no SOR of the receiver": (lambda b: part(b, "Organization", "receiver")["identifier"].pop(1), MissingField,
                               "identifier"),
    "no thread": (_communication(identifier=[]), MissingField, "identifier"),
    "thread is no UUID": (_communication(identifier=[{"value": "12"}]), RuleBroken, "identifier[0].value"),
    "two threads": (_communication(identifier=[{"value": f"urn:uuid:{uuid(1)}"}, {"value": f"urn:uuid:{uuid(2)}"}]),
                    RuleBroken, "identifier[1]"),
    "status": (_communication(status="completed"), UnknownCode, "status"),
    "no category": (_communication(category=[]), MissingField, "category"),
    "unknown category": (lambda b: part(b, "Communication")["category"][0]["coding"][0].update(code="gossip"),
                         UnknownCode, "category"),
    "two categories": (lambda b: part(b, "Communication")["category"].append(part(b, "Communication")["category"][0]),
                       RuleBroken, "category"),
    "other without topic": (lambda b: part(b, "Communication")["category"][0]["coding"][0].update(code="other"),
                            MissingField, "topic.text"),
    "priority without referral": (_communication(priority="asap"), RuleBroken, "priority"),
    "no subject": (_without("Communication", "", "subject"), MissingField, "subject"),
    "another subject": (_communication(subject={"reference": "Patient/other"}), Dangling, "subject"),
    "recipient nowhere": (_communication(recipient=[{"reference": "CareTeam/none"}]), Dangling, "recipient[0]"),
    "recipient of another kind": (_communication(recipient=[{"reference": "Organization/receiver"}]), RuleBroken,
                                  "recipient[0]"),
    "encounter nowhere": (_communication(encounter={"reference": "Encounter/none"}), Dangling, "encounter"),
    "no payload": (_communication(payload=[]), MissingField, "payload"),
    "files alone": (lambda b: part(b, "Communication").update(payload=[payload(1, "2025-03-10T09:00:00Z", **file())]),
                    MissingField, "payload"),
    "nothing written": (lambda b: part(b, "Communication")["payload"][0].update(contentString=" \n "), MissingField,
                        "payload[0].contentString"),
    "a template": (lambda b: part(b, "Communication")["payload"][0].update(contentString="To be removed"),
                   MissingField, "payload[0].contentString"),
    "no content": (lambda b: part(b, "Communication")["payload"].append(payload(3, "2025-03-10T09:00:00Z")),
                   MissingField, "payload[1].content[x]"),
    "a reference": (lambda b: part(b, "Communication")["payload"].append(
        payload(3, "2025-03-10T09:00:00Z", contentReference={"reference": "Flag/1"})), RuleBroken, "contentReference"),
    "no date": (_first_extension("datetime"), MissingField, "payload[0].extension"),
    "date without zone": (_first_extension("datetime", valueDateTime="2025-03-10T09:00:00"), WrongType,
                          "valueDateTime"),
    "no number": (_first_extension("identifier"), MissingField, "payload[0].extension"),
    "no assigner": (_first_extension("identifier", valueIdentifier={"value": f"urn:uuid:{uuid(1)}"}), MissingField,
                    "payload[0].extension"),
    "no author": (_first_extension("practitioner"), MissingField, "payload[0].extension"),
    "author nowhere": (_first_extension("practitioner", valueReference={"reference": "PractitionerRole/none"}),
                       Dangling, "payload[0].extension"),
    "author without role": (_without("PractitionerRole", "author", "code"), MissingField, "code"),
    "author without name": (_without("Practitioner", "author", "name"), MissingField, "name"),
    "no telephone": (_first_extension("contact"), MissingField, "payload[0].extension"),
    "unknown activity": (lambda b: part(b, "Provenance")["activity"]["coding"][0].update(code="modify-message"),
                         UnknownCode, "activity.coding[0].code"),
    "nobody": (lambda b: part(b, "Patient").update(identifier=[{"system": CPR, "value": "1111111111"}]), MissingField,
               "identifier"),
    "two CPR numbers": (lambda b: part(b, "Patient")["identifier"].append({"system": CPR, "value": "2505544849"}),
                        RuleBroken, "identifier"),
    "no CPR number": (lambda b: part(b, "Patient").update(identifier=[{"system": CPR, "value": "12"}]), WrongType,
                      "identifier"),
    "no focus": (lambda b: part(b, "MessageHeader").update(focus=[{"reference": "Patient/patient"}]), RuleBroken,
                 "focus"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_place(name: str) -> None:
    change, kind, where = WRONG[name]
    bundle = letter()
    change(bundle)
    error = refused(bundle)
    assert type(error) is kind or (isinstance(error, kind) and kind is MissingField), error
    assert where in error.where
    assert CITIZEN not in error.told()


FILES: dict[str, tuple[list[Json], type[GatewayError], str]] = {
    "eleven": ([file()] * 11, RuleBroken, "payload[11].contentAttachment"),
    "a program": ([file(b"MZ", "application/x-msdownload")], UnknownCode, "payload[1].contentAttachment.contentType"),
    "a page": ([file(b"<html>", "text/html")], UnknownCode, "contentType"),
    "a picture that runs": ([file(b"<svg/>", "image/svg+xml")], UnknownCode, "contentType"),
    "no type": ([{"contentAttachment": {"data": "AAAA"}}], MissingField, "contentType"),
    "a link": ([file() | {"contentAttachment": {"contentType": "image/png", "url": "http://10.0.0.1/"}}], RuleBroken,
               "contentAttachment.url"),
    "not base64": ([file(data="JVB%")], WrongType, "contentAttachment.data"),
    "cut off": ([file(data="JVBERi0xL")], WrongType, "contentAttachment.data"),
    "more behind the end": ([file(data="JVBERg==JVBERg==")], WrongType, "contentAttachment.data"),
    "a mark of ours": ([file(data="#0")], WrongType, "contentAttachment.data"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_not_taken(name: str) -> None:
    files, kind, where = FILES[name]
    error = refused(letter(files=files))
    assert type(error) is kind
    assert where in error.where


def test_ten_files_are_taken_and_the_same_one_is_kept_once() -> None:
    files = [file(b"%%PDF %d" % n) for n in range(9)] + [file(b"%PDF 0")]
    translation = CARE.translate(written(letter(files=files)))
    assert len(translation.attached) == 9
    body = next(s.body for s in translation.statements if s.kind == "Communication")
    urls = [p["contentAttachment"]["url"] for p in body["payload"][1:]]
    assert urls[0] == urls[9]
    assert {url.removeprefix("Binary/") for url in urls} == {one.id for one in translation.attached}
    assert {one.owner for one in translation.attached} == {
        IDS("Communication", next(s.key for s in translation.statements if s.kind == "Communication"))
    }


def test_files_are_at_most_so_large_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MOST_BYTES", 3000)
    fits = [file(b"%PDF" + b"a" * 996), file(b"%PDF" + b"b" * 1996)]
    assert len(CARE.translate(written(letter(files=fits))).attached) == 2
    error = refused(letter(files=[*fits, file(b"%PDF")]))
    assert isinstance(error, TooLarge)
    assert "payload[3].contentAttachment.data" in error.where


def test_a_file_that_never_came_leaves_its_trace() -> None:
    """XBIN01 that was lost: the payload has neither data nor title."""
    translation = CARE.translate(written(letter(files=[{"contentAttachment": {"contentType": "image/png"}}])))
    assert translation.attached == ()
    assert told(letter(files=[{"contentAttachment": {"contentType": "image/png"}}]))["payload"][1][
        "contentAttachment"] == {"contentType": "image/png"}  # fmt: skip


def test_a_file_that_is_not_what_it_says_is_told_of() -> None:
    assert [f.where for f in CARE.translate(written(letter(files=[file(b"MZ\x90\0")]))).findings] == [
        "Bundle.entry[2].resource.payload[1].contentAttachment"
    ]


@pytest.mark.parametrize("changed", ["Bundle", "event"])
def test_only_a_care_communication_is_read_as_one(changed: str) -> None:
    bundle = letter()
    if changed == "Bundle":
        bundle["resourceType"] = "Frob"
    else:
        part(bundle, "MessageHeader")["eventCoding"]["code"] = "hospital-notification-message"
    assert isinstance(refused(bundle), Unreadable if changed == "Bundle" else UnknownEvent)


@pytest.mark.parametrize("size", [30_000, 300_000])
def test_a_large_file_is_the_same_file_in_both_formats(size: int) -> None:
    body = b"%PDF" + hashlib.shake_128(b"x").digest(size)
    raw = written(letter(files=[file(body), file(b"%PDF small")]))
    slashes = raw.replace(b"/", b"\\/")  # JSON may write a slash so
    for form in (raw, slashes, write_xml(parse(raw))):
        translation = CARE.translate(form)
        assert [one.body for one in translation.attached] == [body, b"%PDF small"]
        assert bool(translation.without_files) == (size > 65_536)
        assert len(translation.without_files or raw) < 200_000


def test_how_a_message_is_explained() -> None:
    explained = CARE.explain(written(letter(topic="Om hjemkomst", files=[file()])))
    targets = {row.target: row for row in explained.rows}
    assert "Communication.topic.text" in targets
    assert not [one.field for one in explained.unread if not one.reason]
