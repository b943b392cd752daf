"""Which languages a citizen and the relatives speak: readers look for BCP 47, and the sender's own code is kept."""

from __future__ import annotations

import pytest

from tests.translate.hl7v2.ward import body, evn, msh, pid, pv1, segment, translated

DANISH = "urn:ietf:bcp:47|da|Danish"
ISO_1, ISO_2 = "urn:oid:2.16.840.1.113883.6.99", "urn:oid:2.16.840.1.113883.6.100"
TABLE = "http://terminology.hl7.org/CodeSystem/v2-0296"


def told(field: str) -> list[tuple[list[str], str]]:
    """The codings (system|code|display) and the text of each language in PID-15."""
    patient = body(translated(msh(), evn(), pid({15: field}), pv1()), "Patient")
    languages = [one["language"] for one in patient.get("communication", [])]
    return [
        (
            ["|".join(one.get(name, "") for name in ("system", "code", "display")) for one in made.get("coding", [])],
            made.get("text", ""),
        )
        for made in languages
    ]


@pytest.mark.parametrize(
    ("field", "codings", "text"),
    [
        ("DA", [DANISH, f"{TABLE}|DA|"], ""),
        ("da^Dansk^HL70296", [DANISH, f"{TABLE}|da|Dansk"], "Dansk"),
        ("dan^^ISO639", [DANISH, f"{ISO_2}|dan|"], ""),
        ("DA^Dansk^ISO 639-1", [DANISH, f"{ISO_1}|DA|Dansk"], "Dansk"),
        ("dan^Dansk^ISO639-3^D^Dansk talt^L", [DANISH, f"{ISO_2}|dan|Dansk",
         "urn:faellesplan:source:regh:L|D|Dansk talt"], "Dansk"),
        ("D^Dansk^L^dan^Danish^ISO639-2", ["urn:faellesplan:source:regh:L|D|Dansk", DANISH, f"{ISO_2}|dan|Danish"],
         "Dansk"),
        ("AR^Arabic^ISO^ARA^Arabisk^ISO", ["urn:ietf:bcp:47|ar|Arabic", f"{ISO_1}|AR|Arabic", f"{ISO_2}|ARA|Arabisk"],
         "Arabic"),
        ("prs^Dari^ISO639-3", ["urn:ietf:bcp:47|prs|Dari", f"{ISO_2}|prs|Dari"], "Dari"),
        ("en-us", ["urn:ietf:bcp:47|en-US|English (United States)", f"{TABLE}|en-us|"], ""),
        ("sgn-DK^Tegnsprog^BCP47", ["urn:ietf:bcp:47|sgn-DK|Tegnsprog"], "Tegnsprog"),
        ("da^^L", ["urn:faellesplan:source:regh:L|da|"], ""),
        ("^Somali", [], "Somali"),
        ("Dansk og tysk", [], "Dansk og tysk"),
        ("TEGN SP^Tegnsprog^L", ["urn:faellesplan:source:regh:L|TEGN SP|Tegnsprog"], "Tegnsprog"),
        ("Z9^Ukendt^ISO639^^^^^^Noget andet", [f"{ISO_1}|Z9|Ukendt"], "Noget andet"),
    ],
)  # fmt: skip
def test_a_language_is_told_as_readers_know_it_and_as_it_was_sent(field: str, codings: list[str], text: str) -> None:
    assert told(field) == [(codings, text)]


def test_several_languages_and_none() -> None:
    assert [codings[0] for codings, _ in told("DA~POL^Polsk^HL70296")] == [DANISH, "urn:ietf:bcp:47|pl|Polish"]
    assert told('""') == []


def test_a_code_that_nobody_knows_is_kept_and_told() -> None:
    found = translated(msh(), evn(), pid({15: "QZ"}), pv1())
    assert body(found, "Patient")["communication"] == [{"language": {"coding": [{"system": TABLE, "code": "QZ"}]}}]
    assert [(one.where, one.text) for one in found.findings] == [
        ("PID^1^15^1", "code is not in table v2-language; kept as it is")
    ]


def test_a_relative_speaks_too() -> None:
    nk1 = segment("NK1", {1: "1", 2: "Eksempelsen^Bo", 3: "CHD^Barn^HL70063", 20: "so^Somali^ISO639-1"})
    found = body(translated(msh(), evn(), pid(), nk1, pv1()), "RelatedPerson")
    assert found["communication"][0]["language"]["coding"][0] == {
        "system": "urn:ietf:bcp:47", "code": "so", "display": "Somali",
    }  # fmt: skip
