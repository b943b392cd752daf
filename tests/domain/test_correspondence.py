"""Threads: made of their number and of time alone, whatever answers what and whatever came first."""

from __future__ import annotations

from typing import Any

from gateway.domain.correspondence import bare, message_key, number, threads
from gateway.domain.plan import compose
from gateway.domain.redact import ADDRESS_PATHS, redact
from gateway.domain.when import instant


def message(identity: str, thread: str, hour: int, answers: str = "") -> dict[str, Any]:
    return {
        "resourceType": "Communication", "id": identity, "status": "completed",
        "sent": f"2025-03-10T{hour:02}:00:00+01:00",
        **({"partOf": [{"identifier": number(thread)}]} if thread else {}),
        **({"inResponseTo": [{"reference": f"Communication/{answers}"}]} if answers else {}),
    }  # fmt: skip


def test_a_circle_and_an_answer_to_itself_are_threads() -> None:
    circle = [message("a", "t", 1, "b"), message("b", "t", 2, "a"), message("c", "t", 3, "c")]
    assert [[m["id"] for m in thread] for thread in threads(circle)] == [["a", "b", "c"]]


def test_the_joint_plan_lists_them_thread_by_thread_without_what_was_taken_back() -> None:
    parts = [message("3", "b", 2), message("2", "a", 3), message("1", "a", 1),
             message("4", "a", 2) | {"status": "entered-in-error"}]  # fmt: skip
    plan, _ = compose(parts, "c", instant("2025-03-11"))
    assert [one["reference"] for one in plan["supportingInfo"]] == [f"Communication/{n}" for n in (1, 2, 3)]


def test_a_protected_address_takes_texts_files_and_parties_with_it() -> None:
    told = message("1", "a", 1) | {
        "payload": [{"contentString": "Hun bor på krisecentret"}], "sender": {"display": "Krisecentret"},
        "recipient": [{"display": "x"}], "topic": {"text": "Krisecenter"}, "contained": [{"resourceType": "CareTeam"}],
        "extension": [{"url": "x", "valueReference": {"display": "Krisecentret"}}],
    }  # fmt: skip
    left = redact(told, ADDRESS_PATHS["Communication"])
    assert set(left) == {"resourceType", "id", "status", "sent", "partOf", "meta"}


def test_numbers() -> None:
    assert bare("urn:uuid:ABC") == bare("URN:UUID:abc") == "abc"
    assert bare(" Brev1 ") == "Brev1"
    assert number("Brev1")["value"] == "urn:uuid:Brev1"
    assert number("5790001382445#Brev:1")["value"] == "5790001382445#Brev:1"
    assert message_key("s", "urn:uuid:A", "c") == message_key("s", "urn:uuid:a", "c") != message_key("s", "a", "d")
