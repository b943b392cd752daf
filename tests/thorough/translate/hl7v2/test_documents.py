"""MDM → DocumentReference: number, status, labels, content in every form; cancelled ones keep what they held."""

from __future__ import annotations

import base64

import pytest

from gateway.errors import MissingField
from gateway.translate.fhir.structure import structure
from tests.translate.hl7v2.desk import document, in_any_order, line, mdm
from tests.translate.hl7v2.ward import fold, language, raw

PDF = base64.b64encode(b"%PDF-1.4 synthetic").decode()
RTF = r"{\E\rtf1\E\ansi Fri tekst}"


def text_of(one: dict[str, list[dict[str, dict[str, str]]]], at: int = 0) -> str:
    return base64.b64decode(one["content"][at]["attachment"]["data"]).decode()


def test_a_document() -> None:
    people = {9: "KK1^Ny^Ib", 10: "KK2^Gammel^Bo"}
    about = {4: "20250313", 6: "20250314080000+0100", 13: "D-0^HGH", 14: "O-1", 18: "R", 19: "AV", 25: "Epikrise"}
    one = document(mdm("T02", people | about, line("Alt vel.")))
    assert structure(one) == []
    assert one["masterIdentifier"]["value"] == "D-1"
    assert (one["status"], one["docStatus"]) == ("current", "final")
    assert one["type"]["text"] == "Epikrise"
    assert one["description"] == "Epikrise"
    assert one["date"] == "2025-03-14T08:00:00+01:00"
    assert one["context"]["period"]["start"] == "2025-03-13"
    assert [a["display"] for a in one["author"]] == ["Ib Ny"]
    assert one["authenticator"]["display"] == "Bo Gammel"
    assert one["custodian"]["identifier"]["value"] == "265161000016000"
    assert one["context"]["related"][0]["identifier"]["value"] == "O-1"
    assert text_of(one) == "Alt vel."


def test_the_parent_document_is_the_one_of_that_number() -> None:
    parent, child = mdm("T02", {12: "D-0^HGH"}, line("Før")), mdm("T02", {13: "D-0^HGH"}, line("Efter"))
    found = {one["masterIdentifier"]["value"]: one for one in fold(child, parent)["DocumentReference"]}
    assert found["D-1"]["relatesTo"] == [
        {"code": "appends", "target": {"reference": f"DocumentReference/{found['D-0']['id']}"}}
    ]


@pytest.mark.parametrize(
    ("code", "status"),
    [("AU", "final"), ("LA", "final"), ("DI", "preliminary"), ("DO", "preliminary"), ("IP", "preliminary"),
     ("IN", "preliminary"), ("PA", "preliminary"), ("??", None)],
)  # fmt: skip
def test_completion(code: str, status: str | None) -> None:
    assert document(mdm("T02", {17: code}, line("x"))).get("docStatus") == status


@pytest.mark.parametrize(
    ("code", "status"),
    [("AV", "current"), ("UN", "current"), ("OB", "superseded"), ("CA", "entered-in-error"), ("", "current")],
)
def test_availability(code: str, status: str) -> None:
    assert document(mdm("T02", {19: code}, line("x")))["status"] == status


@pytest.mark.parametrize(("code", "label"), [("V", "V"), ("R", "R"), ("U", "N")])
def test_confidentiality_is_a_label_that_readers_are_let_in_by(code: str, label: str) -> None:
    one = document(mdm("T02", {18: code}, line("x")))
    assert one["securityLabel"][0]["coding"][0]["code"] == label
    assert [c["code"] for c in one["meta"]["security"]] == [label]


def test_an_unknown_confidentiality_is_kept_and_told() -> None:
    found = language().translate(mdm("T02", {18: "Q"}, line("x")))
    assert any(finding.where == "TXA^1^18" for finding in found.findings)


def test_a_text_sent_line_by_line_is_one_text() -> None:
    one = document(mdm("T02", {}, line("Første"), line("Anden~Tredje"), line(""), line(r"Fjerde\.br\Femte", "FT")))
    assert len(one["content"]) == 1
    assert text_of(one).split("\n") == ["Første", "Anden", "Tredje", "", "Fjerde", "Femte"]
    assert one["content"][0]["attachment"]["contentType"] == "text/plain"


def test_rtf_is_told_by_its_beginning() -> None:
    one = document(mdm("T02", {}, line(RTF)))
    assert one["content"][0]["attachment"]["contentType"] == "text/rtf"
    assert text_of(one) == r"{\rtf1\ansi Fri tekst}"


def test_a_line_that_was_taken_back_is_none() -> None:
    one = document(mdm("T02", {}, line("Ja"), line("Nej", "TX", {11: "D"}), line("Nej", "TX", {11: "W"})))
    assert text_of(one) == "Ja"


def test_measurements_among_the_lines_keep_their_names() -> None:
    one = document(mdm("T02", {}, line("Puls"), line("72", "NM", {3: "8867-4^Heart rate^LN", 6: "/min"})))
    assert text_of(one) == "Puls\nHeart rate: 72 /min"


@pytest.mark.parametrize(
    ("value", "kind", "data"),
    [
        (f"^AP^PDF^Base64^{PDF}", "application/pdf", PDF),
        (f"^application^pdf^Base64^{PDF}", "application/pdf", PDF),
        (f"EPJ^TEXT^^Base64^{PDF}", "application/pdf", PDF),
        (f"^IM^JPEG^Base64^{base64.b64encode(b'x').decode()}", "image/jpeg", "eA=="),
        ("^TEXT^RTF^A^Kort", "text/rtf", base64.b64encode(b"Kort").decode()),
        ("^text^plain^Hex^486569", "text/plain", base64.b64encode(b"Hei").decode()),
        (f"^AP^PDF^Base64^{PDF[:8]}\\.br\\{PDF[8:]}", "application/pdf", PDF),
    ],
)
def test_enclosed_files(value: str, kind: str, data: str) -> None:
    attachment = document(mdm("T02", {}, line(value, "ED")))["content"][0]["attachment"]
    assert (attachment["contentType"], attachment["data"]) == (kind, data)
    assert attachment["size"] == len(base64.b64decode(data))


@pytest.mark.parametrize("data", ["<Base64 encoded>", "", "not base64!", "abc"])
def test_data_that_nobody_can_read_are_left_out_and_told(data: str) -> None:
    message = mdm("T02", {}, line(f"^AP^PDF^Base64^{data}", "ED"))
    attachment = document(message)["content"][0]["attachment"]
    assert "data" not in attachment
    assert attachment["contentType"] == "application/pdf"
    assert any("OBX^1^5" in finding.where for finding in language().translate(message).findings)


def test_a_text_and_a_file_are_two_contents() -> None:
    one = document(mdm("T02", {25: "Brev"}, line("Se vedlagte"), line(f"^AP^PDF^Base64^{PDF}", "ED")))
    assert [c["attachment"]["contentType"] for c in one["content"]] == ["text/plain", "application/pdf"]
    assert one["content"][0]["attachment"]["title"] == "Brev"


def test_a_file_that_lies_elsewhere_is_named() -> None:
    one = document(mdm("T02", {}, line("https://arkiv.example/1^^AP^PDF", "RP")))
    attachment = one["content"][0]["attachment"]
    assert (attachment["url"], attachment["contentType"]) == ("https://arkiv.example/1", "application/pdf")
    other = document(mdm("T02", {}, line("https://arkiv.example/1^^text^html", "RP")))
    assert other["content"][0]["attachment"]["contentType"] == "text/html"


def test_observations_before_the_document_are_no_part_of_it() -> None:
    message = mdm("T02", {}, line("Brev")).replace(b"TXA|", b"OBX|1|ST|X^Y||Ikke med\rTXA|")
    assert text_of(document(message)) == "Brev"


def test_a_cancelled_document_keeps_what_it_held() -> None:
    one = document(mdm("T02", {25: "Brev"}, line("Alt")), mdm("T11", {17: "", 25: ""}, sent="20250315093015+0100"))
    assert (one["status"], one["docStatus"], text_of(one)) == ("entered-in-error", "final", "Alt")


def test_a_cancellation_may_come_first() -> None:
    first, *others = in_any_order(mdm("T11", sent="20250315093015+0100"), mdm("T02", {}, line("Alt")))
    assert first["DocumentReference"][0]["status"] == "entered-in-error"
    assert all(other == first for other in others)


def test_a_document_whose_content_never_came_says_so() -> None:
    one = document(mdm("T11"))
    assert structure(one | {"meta": {"versionId": "1"}}) == []
    assert one["content"][0]["attachment"]["extension"][0]["valueCode"] == "unknown"


def test_a_replacement_supersedes_whichever_comes_first() -> None:
    old, new = (
        mdm("T02", {12: "D-0^HGH"}, line("Før")),
        mdm("T10", {13: "D-0^HGH"}, line("Efter"), sent="20250315093015+0100"),
    )
    first, *others = in_any_order(old, new)
    found = {one["masterIdentifier"]["value"]: one for one in first["DocumentReference"]}
    assert (found["D-0"]["status"], text_of(found["D-0"])) == ("superseded", "Før")
    assert found["D-1"]["relatesTo"][0] == {
        "code": "replaces", "target": {"reference": f"DocumentReference/{found['D-0']['id']}"},
    }  # fmt: skip
    assert all(other == first for other in others)


def test_a_replacement_of_nothing_is_a_document() -> None:
    assert document(mdm("T10", {}, line("Alene")))["status"] == "current"


def test_an_edited_document_keeps_what_is_not_told_again() -> None:
    one = document(mdm("T02", {25: "Brev"}, line("Før")), mdm("T08", {}, line("Efter"), sent="20250315093015+0100"))
    assert (text_of(one), one["description"]) == ("Efter", "Brev")
    signed = document(mdm("T02", {17: "DI"}, line("Før")), mdm("T03", {17: "LA"}, sent="20250315093015+0100"))
    assert (signed["docStatus"], text_of(signed)) == ("final", "Før")


@pytest.mark.parametrize("event", ["T01", "T03", "T07"])
def test_what_tells_of_a_document_without_its_text_leaves_the_text(event: str) -> None:
    told = {6: "20250314091500+0100", 25: "Brev"}
    one = document(mdm("T02", told, line("Før")), mdm(event, told, sent="20250315093015+0100"))
    assert text_of(one) == "Før"
    (pdf,) = document(mdm("T02", told, line("^AP^PDF^Base64^JVBERi0xLjQK", "ED")))["content"]
    assert pdf["attachment"]["contentType"] == "application/pdf", "and stands alone where there is no text"


def test_a_document_without_a_number_is_that_of_its_message() -> None:
    first, again, other = (mdm("T02", {12: ""}, line("x"), sent=f"2025031409{m}00") for m in ("30", "30", "31"))
    found = fold(first, again, other)["DocumentReference"]
    assert [text_of(one) for one in found] == ["x", "x"]
    assert not any("masterIdentifier" in one for one in found)


@pytest.mark.parametrize("event", ["T03", "T04", "T07", "T08", "T11"])
def test_what_changes_a_document_must_name_it(event: str) -> None:
    with pytest.raises(MissingField) as refused:
        language().translate(mdm(event, {12: ""}, line("x")))
    assert refused.value.where.startswith("TXA^1")


def test_the_senders_event_in_evn_is_noted_and_msh_counts() -> None:
    """A public sample says T10 in EVN-1 and T02 in MSH-9."""
    found = language().translate(mdm("T02", {}, line("x")).replace(b"EVN|T02", b"EVN|T10"))
    assert found.event == "T02"


def test_a_large_file_is_kept_beside_the_document() -> None:
    pdf = b"%PDF-" + b"x" * 3_000_000
    message = mdm("T02", {}, line("Se vedlagte"), line(f"^AP^PDF^Base64^{base64.b64encode(pdf).decode()}", "ED"))
    found = language().translate(message)
    (file,) = found.attached
    attachment = document(message)["content"][1]["attachment"]
    assert "data" not in attachment
    assert (attachment["url"], attachment["size"]) == (f"Binary/{file.id}", 3_000_005)
    assert (file.kind, file.owner) == ("DocumentReference", document(message)["id"])
    assert (file.content_type, file.body) == ("application/pdf", pdf)
    assert text_of(document(message)) == "Se vedlagte", "short ones stay where they are"


def test_latin_letters_and_line_feeds() -> None:
    message = mdm("T02", {}, line("Æblegrød på Ærø")).decode().replace("UNICODE UTF-8", "8859/1")
    latin = raw(*message.strip("\r").split("\r"), end="\n", encoding="latin-1")
    assert text_of(document(latin)) == "Æblegrød på Ærø"


def test_an_edit_does_not_bring_back_what_was_replaced() -> None:
    old, new = (
        mdm("T02", {12: "D-0^HGH"}, line("Før")),
        mdm("T10", {13: "D-0^HGH"}, line("Nyt"), sent="20250315093015+0100"),
    )
    edited = mdm("T08", {12: "D-0^HGH"}, line("Rettet"), sent="20250316093015+0100")
    found = {one["masterIdentifier"]["value"]: one for one in fold(old, new, edited)["DocumentReference"]}
    assert (found["D-0"]["status"], text_of(found["D-0"])) == ("superseded", "Rettet")


RESTRICTED, VERY, USUAL = "R", "V", "N"
LATER, LAST = "20250315093015+0100", "20250316093015+0100"


def confidentiality(*messages: bytes) -> dict[str, list[str]]:
    """The labels of each document by its number, the same in any order of arrival."""
    first, *others = in_any_order(*messages)
    assert all(other == first for other in others)
    return {
        one["masterIdentifier"]["value"]: [label["code"] for label in one["meta"].get("security", [])]
        for one in first["DocumentReference"]
    }


@pytest.mark.parametrize("event", ["T06", "T10"])
def test_what_rests_on_a_restricted_document_is_restricted(event: str) -> None:
    old, new = mdm("T02", {12: "D-0^HGH", 18: "V"}, line("Før")), mdm(event, {13: "D-0^HGH"}, line("Ny"), sent=LATER)
    assert confidentiality(old, new) == {"D-0": [VERY], "D-1": [VERY]}
    higher = mdm(event, {13: "D-0^HGH", 18: "R"}, line("Ny"), sent=LATER)
    assert confidentiality(mdm("T02", {12: "D-0^HGH", 18: "U"}, line("Før")), higher) == {"D-0": [USUAL], "D-1": ["R"]}
    assert confidentiality(mdm("T02", {12: "D-0^HGH"}, line("Før")), new) == {"D-0": [], "D-1": []}


def test_a_document_is_restricted_after_it_was_replaced() -> None:
    old, new = mdm("T02", {12: "D-0^HGH"}, line("Før")), mdm("T10", {13: "D-0^HGH"}, line("Ny"), sent=LATER)
    third = mdm("T10", {12: "D-2^HGH", 13: "D-1^HGH"}, line("Nyest"), sent=LAST)
    closed = mdm("T03", {12: "D-0^HGH", 18: "R"}, sent="20250317093015+0100")
    assert confidentiality(old, new, third, closed) == {"D-0": ["R"], "D-1": ["R"], "D-2": ["R"]}


def test_who_restricted_a_document_may_open_what_replaces_it() -> None:
    number = "D-0^^1.2.208.176.7^ISO"
    old = mdm("T02", {12: number, 18: "R"}, line("Før"))
    opened = mdm("T10", {13: number, 18: "U"}, line("Ny"), sent=LATER)
    assert confidentiality(old, opened) == {"D-0": ["R"], "D-1": [USUAL]}
    of_another = opened.replace(b"|SP|REGH|", b"|SP|BBH|", 1)
    assert confidentiality(old, of_another) == {"D-0": ["R"], "D-1": ["R"]}


@pytest.mark.parametrize("told", ["U", '""', ""])
def test_another_source_opens_no_document(told: str) -> None:
    number = "D-0^^1.2.208.176.7^ISO"
    closed = mdm("T02", {12: number, 18: "R"}, line("Før"))
    by_itself = mdm("T03", {12: number, 18: told}, sent=LATER)
    assert confidentiality(closed, by_itself) == {"D-0": {"U": [USUAL], '""': [], "": ["R"]}[told]}
    assert confidentiality(closed, by_itself.replace(b"|SP|REGH|", b"|SP|BBH|", 1)) == {"D-0": ["R"]}
    higher = mdm("T03", {12: number, 18: "V"}, sent=LATER).replace(b"|SP|REGH|", b"|SP|BBH|", 1)
    assert confidentiality(closed, higher) == {"D-0": [VERY]}


def test_documents_that_replace_each_other_end() -> None:
    one = mdm("T10", {12: "D-0^HGH", 13: "D-1^HGH", 18: "R"}, line("x"))
    other = mdm("T10", {13: "D-0^HGH"}, line("y"), sent=LATER)
    itself = mdm("T10", {12: "D-9^HGH", 13: "D-9^HGH", 18: "R"}, line("z"), sent=LAST)
    assert confidentiality(one, other, itself) == {"D-0": ["R"], "D-1": ["R"], "D-9": ["R"]}
