"""What a resource is about, by its codes and words, and that the labeller only ever adds."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.labels import ANY, KindRow, Labeller, LabelRow, kept, labelled
from gateway.domain.security_label import (
    ACT_CODE,
    CONFIDENTIALITY,
    CONFIDENTIALITY_RANK,
    DATA_CLASS,
    PROTECTED_ADDRESS,
    counting,
    counts,
)

N, R, V = (f"{CONFIDENTIALITY}|{code}" for code in "NRV")
PSY, SUD = f"{ACT_CODE}|PSY", f"{ACT_CODE}|SUD"
SKS, KLE, KL = "urn:oid:1.2.208.176.2.4.12", "https://data.gov.dk/id/classification/KLE", "urn:kl"


def row(system: str, prefixes: str, label: str = "", data_class: str = "", kinds: str = "") -> LabelRow:
    return LabelRow((system,), tuple(prefixes.split()) or ("",), label, data_class, tuple(kinds.split()))


LABELLER = Labeller(
    [
        row(ANY, "DF2 DF3", PSY, "psychiatry"),
        row(SKS, "DF11", SUD, "substance"),
        row(KLE, "15", "", "employment"),
        row(KLE, "15.40", "", "health"),
        row(KLE, "27", "", "social"),
        row(KLE, "27.57.16", "", "housing"),
        row(KL, "", "", "function", "Condition"),
        row(KL, "ABC", f"{DATA_CLASS}|criminal", "criminal"),
        row(KL, "WISH", "", "wishes"),
        row("text", "misbrug *psykiat §110", SUD, "substance"),
        row("unit", "*psykiat", PSY),
        row(CONFIDENTIALITY, "R V", PROTECTED_ADDRESS, "", "Patient"),
    ],
    [
        KindRow("Patient", ANY, ANY, "identity", True),
        KindRow("Encounter", "region", ANY, "stay", True),
        KindRow("Condition", "region", ANY, "health", False),
        KindRow("Condition", ANY, ANY, "function", False),
        KindRow("CarePlan", "municipality", ANY, "social", False),
        KindRow("CarePlan", ANY, "jobcenter", "employment", False),
    ],
)


def coded(*codings: tuple[str, str], kind: str = "Condition", **more: Any) -> dict[str, Any]:
    code = {"coding": [{"system": system, "code": code} for system, code in codings]}
    return {"resourceType": kind, "code": code} | more


def labels(body: dict[str, Any], sector: str = "region", source: str = "rh") -> tuple[set[str], str]:
    found, data_class = LABELLER.label(body, sector, body["resourceType"], source)
    return set(found), data_class


def test_nothing_sensitive_is_normal() -> None:
    assert labels(coded((SKS, "DJ18"))) == ({N}, "health")


def test_a_sensitive_code_gives_its_label_its_class_and_restricts() -> None:
    assert labels(coded((SKS, "DF200"))) == ({R, PSY}, "psychiatry")
    assert labels(coded(("SKS", "df200"))) == ({R, PSY}, "psychiatry"), "any system, any case"
    assert labels(coded((SKS, "DF2"), (SKS, "DF112"))) == ({R, PSY, SUD}, "psychiatry")
    assert labels(coded(("urn:other", "DF112"))) == ({N}, "health")
    assert labels(coded((SKS, "D"))) == ({N}, "health")


def test_the_longest_prefix_gives_the_class() -> None:
    assert labels(coded((KLE, "15.40.17")))[1] == "health"
    assert labels(coded((KLE, "27.57.16"), kind="CarePlan"), "municipality")[1] == "housing"
    assert labels(coded((KLE, "27.36.14"), kind="CarePlan"), "municipality")[1] == "social"


def test_a_code_goes_before_a_word_before_a_system_before_the_type() -> None:
    assert labels(coded((KL, "X")), "municipality")[1] == "function"
    assert labels(coded((KL, "X")), "region")[1] == "function"
    assert labels(coded((KL, "X"), title="Misbrug"))[1] == "substance"
    assert labels(coded((KL, "WISH"), title="Misbrug")) == ({R, SUD}, "wishes")
    assert labels({"resourceType": "Condition"}, "region") == ({N}, "health")
    assert labels({"resourceType": "Unheard"}, "region") == ({N}, "")


def test_a_source_may_have_classes_of_its_own() -> None:
    assert labels({"resourceType": "CarePlan"}, "municipality")[1] == "social"
    found = labels({"resourceType": "CarePlan"}, "municipality", "jobcenter")
    assert found == ({R, f"{DATA_CLASS}|employment"}, "employment")


def test_a_pinned_type_keeps_its_class_and_gets_the_labels() -> None:
    stay = {"resourceType": "Encounter", "reasonCode": [{"coding": [{"system": SKS, "code": "DF200"}]}]}
    assert labels(stay) == ({R, PSY}, "stay")


def test_only_some_classes_are_labels_too() -> None:
    assert labels(coded((KLE, "27.57.16")))[0] == {R, f"{DATA_CLASS}|housing"}
    assert labels(coded((KLE, "27.36.14")))[0] == {N}
    assert labels(coded((KL, "ABC")))[0] == {R, f"{DATA_CLASS}|criminal"}


@pytest.mark.parametrize(
    "more",
    [
        {"text": "Ambulant misbrugsbehandling"},
        {"coding": [{"system": KL, "display": "Misbrug"}]},
        {"text": "ungdomspsykiatri"},
        {"text": "ophold efter §110"},
    ],
)
def test_words_count_where_there_is_no_code(more: dict[str, Any]) -> None:
    assert SUD in labels({"resourceType": "CarePlan", "activity": [{"detail": {"code": more}}]})[0]


def test_words_are_begun_not_buried() -> None:
    assert labels({"resourceType": "CarePlan", "title": "umisbrugt"})[0] == {N}


def test_names_of_units_label_what_they_stand_in() -> None:
    stay = {"resourceType": "Encounter", "serviceProvider": {"display": "Børne- og Ungdomspsykiatrisk Center"}}
    assert labels(stay) == ({R, PSY}, "stay")
    named = {"resourceType": "Patient", "name": [{"text": "Misbrug Psykiat"}], "contact": [{"display": "Psykiatri"}]}
    assert labels(named) == ({N}, "identity"), "a name is no word about the citizen"


def test_a_narrative_tells_what_it_tells() -> None:
    body = {"resourceType": "Condition", "text": {"status": "generated", "div": "<div>misbrug</div>"}}
    assert labels(body)[0] > {R}, "sensitive words are sensitive wherever they stand"


def test_what_a_consent_permits_is_no_content() -> None:
    assert labels({"resourceType": "Consent", "provision": {"code": [{"coding": [{"system": SKS, "code": "DF2"}]}]}})[
        0
    ] == {N}


def test_contained_resources_count_for_the_whole() -> None:
    assert PSY in labels({"resourceType": "Encounter", "contained": [coded((SKS, "DF200"))]})[0]


def sent(*given_labels: str, kind: str = "Condition", **more: Any) -> dict[str, Any]:
    security = [dict(zip(("system", "code"), label.rsplit("|", 1), strict=True)) for label in given_labels]
    return {"resourceType": kind, "meta": {"security": security}} | more


def test_what_the_sender_said_stays_and_is_never_lowered() -> None:
    assert labels(sent(V))[0] == {V}
    assert labels(sent(R))[0] == {R}
    assert labels(sent(N, code=coded((SKS, "DF2"))["code"]))[0] == {N, R, PSY}
    assert labels(sent(f"{CONFIDENTIALITY}|U"))[0] == {f"{CONFIDENTIALITY}|U", N}
    assert labels(sent("urn:tags|HTEST"))[0] == {"urn:tags|HTEST", N}
    assert labels(sent(PSY))[0] == {PSY, R}, "the sender's sensitivity restricts as ours does"


def test_name_and_address_protection_as_dk_core_writes_it() -> None:
    assert labels(sent(R, kind="Patient"))[0] == {R, PROTECTED_ADDRESS}
    assert labels(sent(N, kind="Patient"))[0] == {N}
    assert labels(sent(R, kind="Encounter"))[0] == {R}


def test_the_labels_are_written_after_those_that_stand_there() -> None:
    body = {
        "resourceType": "Condition",
        "id": "c",
        "meta": {"tag": [], "security": [{"system": "urn:t", "code": "x", "display": "d"}]},
    }
    made = labelled(body, {R, PSY, "urn:t|x"})
    assert [c["code"] for c in made["meta"]["security"]] == ["x", "PSY", "R"]
    assert made["meta"]["security"][0]["display"] == "d"
    assert made["meta"]["tag"] == []
    assert list(made) == ["resourceType", "id", "meta"]
    assert len(body["meta"]["security"]) == 1
    assert labelled(made, {R}) is made
    assert labelled({"resourceType": "Goal"}, {N})["meta"]["security"] == [{"system": CONFIDENTIALITY, "code": "N"}]


codes = st.sampled_from([(SKS, "DF200"), (SKS, "DF112"), (KLE, "27.57.16"), (KL, "ABC"), (SKS, "DJ1"), ("", "DF2")])
given_labels = st.lists(st.sampled_from([N, R, V, PSY, "urn:tags|x", f"{CONFIDENTIALITY}|U"]), max_size=3, unique=True)


@given(st.lists(codes, max_size=3), given_labels, st.sampled_from(["Condition", "Encounter", "Patient", "CarePlan"]))
def test_the_labeller_only_adds_and_settles(found: list[tuple[str, str]], given_: list[str], kind: str) -> None:
    body = sent(*given_, kind=kind, code=coded(*found)["code"])
    once, _ = labels(body)
    assert set(given_) <= once
    assert counting(frozenset(once)), "a stored resource has at least a confidentiality code"
    again, _ = labels(labelled(body, once))
    assert again >= once
    if kind != "Patient":
        assert again == once
    reverse, data_class = labels(sent(*reversed(given_), kind=kind, code=coded(*reversed(found))["code"]))
    assert (reverse, data_class) == labels(body)


TAG = "urn:workflow|tag"


@pytest.mark.parametrize(
    ("before", "after", "stands", "held"),
    [
        ({R, PSY}, set(), {R, PSY}, {R, PSY}),
        ({R, PSY}, {N}, {R, PSY}, {R, PSY}),
        ({N}, {R}, {R}, set()),
        ({R}, {R, PSY}, {R, PSY}, set()),
        ({R, TAG}, {R}, {R}, set()),
        (set(), {N}, {N}, set()),
    ],
)
def test_labels_are_not_lowered_without_the_right(
    before: set[str], after: set[str], stands: set[str], held: set[str]
) -> None:
    found = kept(before, after, may_lower=False)
    assert (found.labels, found.held, found.lowered) == (stands, held, frozenset())


def test_who_has_the_right_and_a_reason_lowers_and_it_is_told_what() -> None:
    found = kept({R, PSY, TAG}, {N}, may_lower=True)
    assert (found.labels, found.lowered, found.held) == ({N}, {R, PSY}, frozenset())


@given(
    st.sets(st.sampled_from([N, R, PSY, TAG, f"{CONFIDENTIALITY}|V"])),
    st.sets(st.sampled_from([N, R, PSY, f"{CONFIDENTIALITY}|U"])),
)
def test_however_it_is_written_nobody_sees_more(before: set[str], after: set[str]) -> None:
    stands = kept(before, after, may_lower=False).labels
    ranks = {label: CONFIDENTIALITY_RANK[label[-1]] for label in before | after if label.startswith(CONFIDENTIALITY)}
    assert {label for label in before if counts(label) and label not in ranks} <= stands
    if ranks:
        assert max(ranks, key=ranks.__getitem__) in stands
    assert kept(before, stands, may_lower=False).labels == stands


def test_labels_of_any_length_are_not_all_remembered() -> None:
    def made(number: int) -> None:
        system = f"urn:{number}:{'x' * 100_000}"
        body = {"resourceType": "Condition", "meta": {"security": [{"system": system, "code": "a"}]}}
        found, _ = LABELLER.label(body, "region", "Condition", "source")
        assert f"{system}|a" in found

    made(0)
    tracemalloc.start()
    try:
        for number in range(1, 30):
            made(number)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1_000_000
