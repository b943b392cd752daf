"""Cases that are registered part by part: what stands after updates, removals and any order of arrival."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

from gateway.domain.identifier import CVR, Identifier
from gateway.domain.registered import fold_registered, moment_text
from gateway.domain.resource import Resource, ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb

UUID = "5b0c9d2e-61c4-4e0b-9a5d-0f2b7c3e8a11"
SOURCE = Source("sag", "Sagssystem", "municipality", Identifier(CVR, "64942212"), "oio", ("64942212",))
STATES = {"Opstaaet": (0, "draft"), "Oplyst": (1, "draft"), "Afgjort": (2, "active"), "Afsluttet": (5, "completed")}


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def timed(start: str = "", end: str = "") -> dict[str, Any]:
    """From this day until the day before that one."""
    made: dict[str, Any] = {}
    period = {}
    if start:
        made |= {"from": moment_text(day(start)), "before": f"before {start}"}
        period["start"] = start
    if end:
        made["to"] = moment_text(day(end))
        period["end"] = f"before {end}"
    return made | ({"period": period} if period else {})


def state(code: str, start: str = "", end: str = "") -> dict[str, Any]:
    rank, status = STATES[code]
    body = {"status": status, "extension": [{"extension": [{"url": "state", "valueCode": code}]}]}
    return {
        "slot": "Fremdrift",
        "keep": "now",
        "what": code,
        "body": body,
        "state": [rank, code == "Afsluttet"],
    } | timed(start, end)


def member(name: str, start: str = "", end: str = "", slot: str = "Sagsaktoer|PrimaerBehandler") -> dict[str, Any]:
    body = {"participant": [{"member": {"display": name}}]}
    return {"slot": slot, "keep": "all", "what": name, "body": body} | timed(start, end)


def said(moment: str, *parts: dict[str, Any], act: Act = Act.REGISTER, verb: Verb = Verb.ASSERT, kind: str = "CarePlan",
         by: str = UUID, key: str = UUID) -> Statement:  # fmt: skip
    at = day(moment)
    body = {"by": by, "parts": list(parts)}
    return Statement(kind, f"sag|{kind}|{key}", act, verb, at, at, body, "sag", f"sag:{moment}{act}{verb}/0")


def fold(*statements: Statement) -> Resource:
    ordered = sorted(statements, key=lambda s: s.order)
    return fold_registered(ordered[0].kind, ordered[0].key, ordered, ids(b"x"), {"sag": SOURCE})


def names(resource: Resource) -> list[tuple[str, Any]]:
    return [(one["member"]["display"], one.get("period")) for one in resource.body.get("participant", [])]


OPENED = state("Opstaaet", "2025-01-01", "2025-02-01")


def test_the_most_advanced_state_in_force_counts_whatever_the_order_of_the_list() -> None:
    parts = [state("Afgjort", "2025-02-01"), OPENED, state("Oplyst", "2025-01-15")]
    for order in permutations(parts):
        assert fold(said("2025-03-01", *order)).body["status"] == "active"


def test_a_state_in_the_future_is_no_status_but_its_end_is_known() -> None:
    body = fold(said("2025-03-01", OPENED, state("Afgjort", "2025-02-01"), state("Afsluttet", "2025-06-01"))).body
    assert body["status"] == "active"
    assert body["period"] == {"start": "2025-01-01", "end": "before 2025-06-01"}


def test_a_case_ends_by_its_validity_where_nobody_sends_afsluttet() -> None:
    """A national benefit platform has no Afsluttet: its cases end when they are valid no longer."""
    past = fold(said("2025-03-01", OPENED, state("Afgjort", "2025-02-01", "2025-02-20"))).body
    assert (past["status"], past["period"]["end"]) == ("completed", "before 2025-02-20")
    ahead = fold(said("2025-02-10", OPENED, state("Afgjort", "2025-02-01", "2025-02-20"))).body
    assert (ahead["status"], ahead["period"]["end"]) == ("active", "before 2025-02-20")
    title = {"slot": "Egenskaber", "keep": "one", "body": {"title": "x"}} | timed("2025-01-01", "2025-02-15")
    assert fold(said("2025-03-01", OPENED, state("Afgjort", "2025-02-01"), title)).body["status"] == "completed"


def test_all_states_are_kept_as_history() -> None:
    body = fold(said("2025-03-01", OPENED, state("Afgjort", "2025-02-01"))).body
    codes = [part["valueCode"] for one in body["extension"] for part in one.get("extension", ())]
    assert codes == ["Opstaaet", "Afgjort"]


def test_an_update_replaces_what_there_is_one_of_and_leaves_the_rest() -> None:
    whole = said(
        "2025-01-10", OPENED, member("A", "2025-01-01"), member("B", "2025-01-01", slot="other"), kind="CareTeam"
    )
    change = said("2025-03-01", member("C", "2025-03-01"), act=Act.AMEND, kind="CareTeam")
    assert names(fold(whole, change)) == [
        ("A", {"start": "2025-01-01", "end": "before 2025-03-01"}), ("C", {"start": "2025-03-01"}),
        ("B", {"start": "2025-01-01"}),
    ]  # fmt: skip


def test_a_relation_ends_by_the_end_of_its_effect() -> None:
    whole = said("2025-01-10", OPENED, member("A", "2025-01-01"), kind="CareTeam")
    for start in ("2025-01-01", "2025-02-01"):  # some tell the whole effect again, some only what is left of it
        change = said("2025-03-01", member("A", start, "2025-03-01"), act=Act.AMEND, kind="CareTeam")
        assert names(fold(whole, change)) == [("A", {"start": "2025-01-01", "end": "before 2025-03-01"})]


def test_a_role_cannot_change_the_old_one_stands_until_it_is_ended() -> None:
    whole = said("2025-01-10", OPENED, member("A", "2025-01-01"), kind="CareTeam")
    change = said("2025-03-01", member("A", "2025-03-01", slot="Sagsaktoer|Ansvarlig"), act=Act.AMEND, kind="CareTeam")
    assert [name for name, _ in names(fold(whole, change))] == ["A", "A"]


def test_a_new_state_ends_the_one_before_and_keeps_when_the_case_began() -> None:
    whole = said("2025-02-10", OPENED, state("Afgjort", "2025-02-01"))
    closed = said("2025-05-02", state("Afsluttet", "2025-05-01"), act=Act.AMEND)
    body = fold(whole, closed).body
    assert (body["status"], body["period"]) == ("completed", {"start": "2025-01-01", "end": "before 2025-05-01"})
    again = fold(whole, closed, said("2025-06-02", state("Afgjort", "2025-06-01"), act=Act.AMEND)).body
    assert (again["status"], again["period"]) == ("active", {"start": "2025-01-01"})


def test_whatever_comes_when_the_same_stands() -> None:
    told = [
        said("2025-01-10", OPENED, member("A", "2025-01-01")),
        said("2025-02-01", state("Afgjort", "2025-02-01"), act=Act.AMEND),
        said("2025-03-01", member("C", "2025-03-01"), act=Act.AMEND),
        said("2025-03-02", verb=Verb.WITHDRAW),
        said("2025-04-01", OPENED, member("D", "2025-04-01")),
    ]
    for count in range(1, len(told) + 1):
        outcomes = {str(fold(*order).body) for order in permutations(told[:count])}
        assert len(outcomes) == 1
    assert fold(*told[:3]).body["status"] == "active"
    gone = fold(*told[:4])
    assert (gone.withdrawn, gone.body["status"]) == (True, "entered-in-error")
    back = fold(*told)
    assert (back.withdrawn, names(back)) == (False, [("D", {"start": "2025-04-01"})])


def test_an_update_of_what_was_taken_out_does_not_bring_it_back() -> None:
    gone = [said("2025-01-10", OPENED), said("2025-02-01", verb=Verb.WITHDRAW)]
    assert fold(*gone, said("2025-03-01", member("A"), act=Act.AMEND)).withdrawn


def test_a_document_tells_more_of_itself_than_its_case_does() -> None:
    own = "0f0f0f0f-0000-4000-8000-000000000001"
    title = lambda text, more: {"slot": "", "keep": "all", "body": {"description": text} | more}  # noqa: E731
    lies = said(
        "2025-03-01", title("as the case calls it", {"type": {"text": "Vedlagt"}}), kind="DocumentReference", key=own
    )
    itself = said("2025-02-01", title("its own", {"docStatus": "final"}), kind="DocumentReference", key=own, by=own)
    body = fold(lies, itself).body
    assert (body["description"], body["type"], body["docStatus"]) == ("its own", {"text": "Vedlagt"}, "final")
    gone = said("2025-04-01", verb=Verb.WITHDRAW, kind="DocumentReference", key=own, by=own)
    assert fold(lies, itself, gone).withdrawn, "its case cannot bring it back"
    off = said("2025-04-01", verb=Verb.WITHDRAW, kind="DocumentReference", key=own)
    assert fold(lies, itself, off).body["description"] == "its own"


def test_without_a_word_on_sensitivity_it_is_sensitive() -> None:
    body = fold(said("2025-03-01", OPENED)).body
    assert [one["code"] for one in body["meta"]["security"]] == ["R"]
    assert {"FOELSOMME_PERSONOPLYSNINGER"} == {one["valueCode"] for one in body["extension"] if "valueCode" in one}


def test_a_case_that_is_over_as_it_begins_does_not_end_before_that() -> None:
    over = state("Afsluttet", "2025-03-01")
    for parts in ([over], [state("Opstaaet", "2025-03-01"), over]):
        period = fold(said("2025-04-01", *parts)).body["period"]
        assert period["end"] == period["start"]


def test_a_note_that_is_over_is_gone_and_one_that_is_ahead_is_there() -> None:
    def note(start: str, end: str = "") -> dict[str, Any]:
        body = {"description": "Samtale", "content": [{"attachment": {"title": "Samtale"}}]}
        return {"slot": "Journalpost|1", "keep": "ahead", "what": "1", "body": body} | timed(start, end)

    for end, gone in (("", False), ("2025-04-01", True)):
        made = fold(said("2025-04-02", note("2025-03-01", end), kind="DocumentReference"))
        assert (made.withdrawn, made.body["status"]) == (gone, "entered-in-error" if gone else "current")
    assert fold(said("2025-02-01", note("2025-03-01"), kind="DocumentReference")).body["description"] == "Samtale"
