"""Bad input at the doors: a clear answer in the sender's language, the store as it was, and the message in quarantine
where it can be replayed. One gateway with open doors serves all tests of this file.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from lxml import etree

from gateway.cli.playing.mllp_client import END, START, MllpClient
from gateway.cli.playing.story import wire
from gateway.translate.fhir import parse
from tests.conftest import database
from tests.stories.playing import STORIES, Stage, stage

LIMIT = 60_000
HERBERG = {step.file.name[:2]: step.file.read_bytes() for step in STORIES["herberg"].steps}
NOTICE = json.loads(next(s for s in STORIES["flytning"].steps if "03" in s.file.name).file.read_text("utf-8"))
ADMISSION = wire(HERBERG["02"])
CASE = HERBERG["01"]
ORDER = json.loads(HERBERG["03"])
JSON, XML, ER7 = "application/fhir+json", "application/fhir+xml", "x-application/hl7-v2+er7"
# Nothing of these may stand in an answer or in the reason that is kept.
VALUES = ("1502824933", "0108589995", "Ravnsborg", "Rosenlund", "hemmelig")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store holds, apart from quarantine; and the newest message in quarantine."""

    rows: tuple[Any, ...]
    quarantined: int
    body: bytes
    reason: dict[str, str]


@dataclass(frozen=True, slots=True)
class Doorway:
    """The open doors, on the loop that they run in."""

    here: Stage
    runner: asyncio.Runner

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def mllp(self, raw: bytes) -> bytes:
        """The acknowledgement of one message."""

        async def send() -> bytes:
            async with MllpClient(self.here.doors.host, self.here.doors.mllp_port) as sender:
                return await sender.send(raw)

        return bytes(self.run(send()))

    def post(self, sender: str, path: str, raw: bytes, kind: str) -> Any:
        return self.run(self.here.post(sender, path, raw, kind))

    def kept(self) -> Kept:
        async def look() -> Kept:
            db = self.here.gateway.database
            rows = await db.fetch("SELECT kind, id, version, digest FROM resource ORDER BY kind, id")
            other = [
                await db.fetchval("SELECT count(*) FROM statement"),
                await db.fetchval("SELECT count(*) FROM message WHERE state <> 'quarantined'"),
            ]
            newest = "SELECT body, reason FROM message WHERE state = 'quarantined' ORDER BY id DESC LIMIT 1"
            last = await db.fetchrow(newest)
            count = await db.fetchval("SELECT count(*) FROM message WHERE state = 'quarantined'")
            body, reason = (last["body"], json.loads(last["reason"])) if last else (b"", {})
            return Kept((*rows, *other), count, body, reason)

        found: Kept = self.run(look())
        return found


@pytest.fixture(scope="module")
def doors(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doorway]:
    """A gateway with one citizen in it."""
    url, _, template = postgres.partition("#")

    async def create(statement: str) -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    with asyncio.Runner() as runner:
        runner.run(create(f'CREATE DATABASE "bad_input" TEMPLATE "{template}"'))
        stack = AsyncExitStack()
        limits = {"message_bytes": LIMIT, "large_message_bytes": LIMIT}
        opened = stage("herberg", database(url, "bad_input"), tmp_path_factory.mktemp("bad"), **limits)
        here = runner.run(stack.enter_async_context(opened))
        assert all(told.accepted for told in runner.run(here.play("01", "02")))
        yield Doorway(here, runner)
        runner.run(stack.aclose())
        runner.run(create('DROP DATABASE "bad_input" WITH (FORCE)'))


def changed(raw: bytes, *pairs: tuple[str, str]) -> bytes:
    """The message with texts replaced; each must be there."""
    for old, new in pairs:
        assert old.encode() in raw, old
        raw = raw.replace(old.encode(), new.encode())
    return raw


def error_of(answer: bytes) -> tuple[str, str, str]:
    """MSA-1, ERR-2 (place) and ERR-3.1 (code) of an acknowledgement."""
    segments = {line[:3]: line.split("|") for line in answer.decode("latin-1").split("\r")}
    return segments["MSA"][1], segments["ERR"][2], segments["ERR"][3].split("^")[0]


V2 = {
    "unknown event": (changed(ADMISSION, ("ADT^A01^ADT_A01", "ADT^A77^ADT_A01")), ("AR", "MSH^1^9", "201")),
    "unknown type": (changed(ADMISSION, ("ADT^A01^ADT_A01", "ORU^R01^ORU_R01")), ("AR", "MSH^1^9", "200")),
    "unknown version": (changed(ADMISSION, ("|2.5|", "|3.0|")), ("AR", "MSH^1^12", "203")),
    "missing PID-3": (
        changed(ADMISSION, ("1502824933^^^CPR&1.2.208.176.1.2&ISO^NNDNK~PS770214^^^REGH&1.2.208.176.1.2.1&ISO^MR", "")),
        ("AE", "PID^1^3", "101"),
    ),
    "only a dummy in PID-3": (
        changed(ADMISSION, ("1502824933^^^", "0000000000^^^"), ("~PS770214^^^REGH&1.2.208.176.1.2.1&ISO^MR", "")),
        ("AE", "PID^1^3", "101"),
    ),
    "no PV1": (b"\r".join(s for s in ADMISSION.split(b"\r") if s[:3] != b"PV1"), ("AE", "PV1^1", "100")),
    "policy refuse": (changed(ADMISSION, ("|19820215|", "|hemmelig|")), ("AE", "PID^1^7", "102")),
    "no time at all": (changed(ADMISSION, ("20260302142000+0100", "ubekendt")), ("AE", "PV1^1^44", "102")),
    "unknown source": (changed(ADMISSION, ("|SP|REGH|", "|ANDET|STED|")), ("AR", "MSH^1^3", "204")),
}  # fmt: skip


@pytest.mark.parametrize("name", V2)
def test_hl7v2_that_cannot_be_taken(doors: Doorway, name: str) -> None:
    raw, told = V2[name]
    before = doors.kept()
    answer = doors.mllp(raw)
    assert error_of(answer) == told
    assert b"MSA|" + told[0].encode() + b"|PSY260302-0001" in answer
    waits(doors, before, raw)
    assert not leaked(answer)
    assert doors.mllp(raw).split(b"\r")[1:] == answer.split(b"\r")[1:], "sent again it is refused again"
    assert doors.kept().quarantined == before.quarantined + 1, "and stands in quarantine once"


def waits(doors: Doorway, before: Kept, raw: bytes) -> dict[str, str]:
    """The store is as it was, and the message stands in quarantine byte for byte; its reason holds no value."""
    after = doors.kept()
    assert after.rows == before.rows
    assert after.quarantined == before.quarantined + 1
    assert after.body == raw
    assert not leaked(json.dumps(after.reason, ensure_ascii=False).encode())
    return after.reason


def leaked(told: bytes) -> list[str]:
    return [word for word in VALUES if word.encode() in told]


def test_hl7v2_in_another_character_set_than_it_says(doors: Doorway) -> None:
    raw = ADMISSION.decode().encode("latin-1")
    before = doors.kept()
    answer = doors.mllp(raw)
    assert error_of(answer)[0] == "AE"
    assert waits(doors, before, raw)["kind"] == "WrongCharset"
    again = doors.post("hospital", "/messages/hl7v2", raw, ER7)
    assert (again.status_code, error_of(again.content)[0]) == (400, "AE")


@pytest.mark.parametrize(
    ("old", "new", "policy"),
    [("|20260316|", "|20260316|", "none"), ("PV1|1|I|", "PV1|1|Q|", "keep"), ("|19820215|M|", "|19820215|?|", "drop")],
)
def test_an_unknown_code_under_a_policy_that_takes_it(doors: Doorway, old: str, new: str, policy: str) -> None:
    """`keep` keeps the sender's own code, `drop` leaves the element out and notes it; both are taken."""
    visit = f"PSY26-9{['none', 'keep', 'drop'].index(policy)}"
    raw = changed(ADMISSION, ("PSY26-000417", visit), ("PSY260302-0001", f"M-{policy}"), (old, new))
    assert b"MSA|AA|" in doors.mllp(raw)

    async def look() -> tuple[list[dict[str, Any]], str]:
        db = doors.here.gateway.database
        rows = await db.fetch("SELECT body FROM resource WHERE kind = 'Encounter'")
        reason = await db.fetchval("SELECT reason FROM message WHERE message_id = $1", f"M-{policy}")
        return [json.loads(row["body"]) for row in rows], (reason or b"").decode()

    stays, findings = doors.run(look())
    (stay,) = [one for one in stays if visit in json.dumps(one)]
    assert (stay["class"]["code"] == "Q") is (policy == "keep")
    assert ("PID^1^8" in findings) is (policy == "drop"), findings


def test_a_truncated_frame_is_not_taken_and_the_door_stays_open(doors: Doorway) -> None:
    before = doors.kept()

    async def cut() -> bytes:
        reader, writer = await asyncio.open_connection(doors.here.doors.host, doors.here.doors.mllp_port)
        writer.write(START + changed(ADMISSION, ("PSY260302-0001", "CUT-1"))[:400])
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer

    answer = doors.run(cut())
    assert error_of(answer.strip(START + END))[0] == "AR", "sending it again may well succeed"
    after = doors.kept()
    assert (after.rows, after.quarantined) == (before.rows, before.quarantined)
    assert b"MSA|AA|PSY260302-0001" in doors.mllp(ADMISSION)


def test_a_message_beyond_the_limit_is_refused_at_every_door(doors: Doorway) -> None:
    before = doors.kept()
    huge = ADMISSION + b"ZZZ|1|" + b"x" * (LIMIT + 1)
    assert error_of(doors.mllp(huge))[0] == "AR"
    answer = doors.post("hospital", "/messages/hl7v2", huge, ER7)
    assert (answer.status_code, error_of(answer.content)[0]) == (413, "AR")
    answer = doors.post("social", "/cases/oio", CASE + b"<!--" + b"x" * LIMIT + b"-->", "application/xml")
    assert (answer.status_code, status_of(answer.content)) == (413, "40")
    answer = doors.post("social", "/fhir/$process-message", b"{" + b" " * LIMIT + b"}", JSON)
    assert answer.status_code == 413
    after = doors.kept()
    assert (after.rows, after.quarantined) == (before.rows, before.quarantined)


def status_of(answer: bytes) -> str:
    return str(etree.fromstring(answer).findtext("{*}StatusKode"))


ENTITIES = '<!DOCTYPE x [<!ENTITY a "hemmelig"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
OIO = {
    "an XML bomb": (changed(CASE, (HEAD, HEAD + ENTITIES), (">2026-0417<", ">&c;<")), 400, "40"),
    "a file from here": (changed(CASE, (HEAD, HEAD + OUTSIDE), (">2026-0417<", ">&a;<")), 400, "40"),
    "deep nesting": (HEAD.encode() + b"<a>" * 5000 + b"</a>" * 5000, 400, "40"),
    "no end": (CASE[:-30], 400, "40"),
    "another document": (HEAD.encode() + b"<Faktura/>", 422, "44"),
    "policy refuse": (changed(CASE, ("StatusKode>Afgjort<", "StatusKode>Hemmelig<")), 422, "40"),
    "no citizen": (re.sub(rb"(?s)<sag:Sagspart>.*</sag:Sagspart>", b"", CASE), 422, "40"),
    "unknown owner": (changed(CASE, ("64942212", "12345678")), 403, "41"),
}  # fmt: skip


@pytest.mark.parametrize("name", OIO)
def test_oio_that_cannot_be_taken(doors: Doorway, name: str) -> None:
    raw, status, code = OIO[name]
    before = doors.kept()
    answer = doors.post("social", "/cases/oio", raw, "application/xml")
    assert (answer.status_code, status_of(answer.content)) == (status, code), answer.text
    waits(doors, before, raw)
    assert not leaked(answer.content)


def notice(**headers: Any) -> bytes:
    """The notification with other elements in its header."""
    first, *rest = NOTICE["entry"]
    made = NOTICE | {"entry": [first | {"resource": first["resource"] | headers}, *rest]}
    return json.dumps(made).encode()


FHIR = {
    "a header that points nowhere": (notice(focus=[{"reference": "Encounter/intet"}]), 422, "MSG_LOCAL_FAIL"),
    "no focus": (notice(focus=[]), 422, "MSG_BAD_SYNTAX"),
    "an unknown event": (
        notice(eventCoding={"system": "http://medcomfhir.dk/ig/terminology/x", "code": "hjemmebesoeg"}), 422,
        "MSG_RECEIVER_UNABLE_TO_RECEIVE_MSG_TYPE",
    ),
    "an unknown activity": (
        changed(notice(), ('"code": "admit-inpatient"', '"code": "hjemsendt"')), 422, "MSG_VALUESET_VALUE_UNKNOWN",
    ),
    "no CPR": (changed(notice(), ('"value": "0108589995"', '"value": ""')), 422, ""),
    "an unknown sender": (changed(notice(), ("399841000016000", "999991000016001")), 403, "MSG_AUTH_REQUIRED"),
}  # fmt: skip


@pytest.mark.parametrize("name", FHIR)
def test_a_fhir_message_that_cannot_be_taken_is_answered_with_an_acknowledgement(doors: Doorway, name: str) -> None:
    raw, status, detail = FHIR[name]
    before = doors.kept()
    answer = doors.post("hospital", "/fhir/$process-message", raw, JSON)
    assert answer.status_code == status, answer.text
    acknowledgement = parse(answer.content)
    header = acknowledgement["entry"][0]["resource"]
    assert (header["response"]["code"], header["response"]["identifier"]) == (
        "fatal-error", NOTICE["entry"][0]["resource"]["id"],
    )  # fmt: skip
    outcome = next(
        e["resource"] for e in acknowledgement["entry"] if e["resource"]["resourceType"] == "OperationOutcome"
    )
    codes = [coding["code"] for issue in outcome["issue"] for coding in issue["details"]["coding"]]
    assert codes[0].upper().startswith(detail.upper())
    waits(doors, before, raw)
    assert not leaked(answer.content)


NOT_FHIR = {
    "JSON with a key twice": (
        changed(notice(), ('"type": "message"', '"type": "message", "type": "message"')),
        JSON,
        400,
    ),
    "NaN": (changed(notice(), ('"type": "message"', '"type": NaN')), JSON, 422),
    "deep nesting": (b'{"resourceType":' * 3000 + b"1" + b"}" * 3000, JSON, 400),
    "half of it": (notice()[: len(notice()) // 2], JSON, 400),
    "not UTF-8": (notice().replace(b"Rosenlund", b"Rosenl\xf8nd"), JSON, 400),
    "an XML bomb": (
        f"{HEAD}{ENTITIES}<Bundle xmlns='http://hl7.org/fhir'><id value='&c;'/></Bundle>".encode(),
        XML,
        400,
    ),
}


@pytest.mark.parametrize("name", NOT_FHIR)
def test_bytes_that_are_no_fhir_message_are_answered_with_an_outcome(doors: Doorway, name: str) -> None:
    raw, kind, status = NOT_FHIR[name]
    before = doors.kept()
    answer = doors.post("hospital", "/fhir/$process-message", raw, kind)
    assert (answer.status_code, parse(answer.content)["resourceType"]) == (status, "OperationOutcome")
    waits(doors, before, raw)
    assert not leaked(answer.content)


def test_a_client_sends_only_as_the_sources_it_is_registered_for(doors: Doorway) -> None:
    before = doors.kept()
    answer = doors.post("social", "/messages/hl7v2", changed(ADMISSION, ("PSY260302-0001", "M-9")), ER7)
    assert (answer.status_code, error_of(answer.content)[0]) == (403, "AR")
    answer = doors.post("nursing", "/cases/oio", CASE, "application/xml")
    assert answer.status_code in (400, 403)
    assert doors.kept().rows == before.rows


def test_a_search_with_an_unknown_parameter_is_told_the_valid_ones(doors: Doorway) -> None:
    patient = doors.here.patient
    answer = doors.run(doors.here.get("hospital", f"Encounter?patient={patient}&farve=hemmelig"))
    assert answer.status_code == 400
    issue = answer.json()["issue"][0]
    assert "patient" in json.dumps(issue)
    assert "hemmelig" not in answer.text
