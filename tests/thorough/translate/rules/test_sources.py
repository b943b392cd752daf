from pathlib import Path

import pytest

from gateway.domain.identifier import CVR, SOR, Identifier
from gateway.errors import UnknownSource
from gateway.translate.rules.problems import MappingError
from gateway.translate.rules.sources import Sources
from tests.translate.rules.desk import write

GOOD = """name: A
sector: region
organisation: {sor: 265161000016000}
language: hl7v2
senders: ["SP|REGH", SP2|REGH]
"""
TOWN = """name: B
sector: municipality
municipality: 0101
organisation: {cvr: 64942212}
language: oio
senders: 64942212
"""


def read(folder: Path, **files: str) -> Sources:
    return Sources.read(write(folder, {f"sources/{name}.yaml": text for name, text in files.items()}))


def wrong(folder: Path, **files: str) -> list[str]:
    with pytest.raises(MappingError) as caught:
        read(folder, **files)
    return [str(p) for p in caught.value.problems]


def test_a_source_is_found_by_its_language_and_sender(tmp_path: Path) -> None:
    found = read(tmp_path, a=GOOD, b=TOWN)
    one = found.find("hl7v2", "SP2|REGH")
    assert (one.id, one.organisation, one.keeps, one.timezone) == (
        "a", Identifier(SOR, "265161000016000"), "all", "Europe/Copenhagen",
    )  # fmt: skip
    assert (one.processing, read(tmp_path, a=GOOD + "processing: [T, D]\n").of("a").processing) == (("P",), ("T", "D"))
    assert found.find("oio", "64942212").municipality == "0101"
    assert found.of("b").organisation == Identifier(CVR, "64942212")
    assert [s.id for s in found] == ["a", "b"]


def test_a_stranger_is_refused_unless_a_source_stands_for_everybody(tmp_path: Path) -> None:
    found = read(tmp_path, a=GOOD)
    for language, sender in (("hl7v2", "X|Y"), ("hl7v2", "*"), ("oio", "SP|REGH")):
        with pytest.raises(UnknownSource) as caught:
            found.find(language, sender)
        assert "X|Y" not in caught.value.told()
    with pytest.raises(UnknownSource):
        found.of("c")
    anybody = read(tmp_path, a=GOOD, demo=GOOD.replace('"SP|REGH", SP2|REGH', '"*"'))
    assert anybody.find("hl7v2", "X|Y").id == "demo"
    assert anybody.find("hl7v2", "X|Y").processing == ()  # whatever it says of itself
    assert anybody.find("hl7v2", "SP|REGH").id == "a"
    with pytest.raises(UnknownSource):
        anybody.find("oio", "64942212")


def test_sources_share_what_they_have_in_common(tmp_path: Path) -> None:
    base = "sector: region\nlanguage: hl7v2\nkeeps: entitled\nauthorities: {CPR: 'urn:oid:1.2', X: 'urn:x:1'}\n"
    child = (
        "extends: base\nname: A\norganisation: {sor: 1}\nsenders: [A|B]\n"
        "authorities:\n  X: urn:x:2\ncharset: 8859/1\nrules: psyk\n"
    )
    (tmp_path / "mappings/hl7v2/psyk").mkdir(parents=True)
    found = read(tmp_path, base=base, child=child)
    one = found.of("child")
    assert [s.id for s in found] == ["child"]
    assert dict(one.authorities) == {"CPR": "urn:oid:1.2", "X": "urn:x:2"}
    assert (one.keeps, one.charset, one.rules) == ("entitled", "8859/1", "psyk")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + "sendr: x\n", "6: unknown key sendr (did you mean senders?)"),
        (GOOD.replace("sector: region\n", ""), "1: sector is missing"),
        (GOOD.replace("region", "regin"), "2: unknown sector regin (did you mean region?)"),
        (GOOD.replace("hl7v2", "hl7"), "4: unknown language hl7 (did you mean hl7v2?)"),
        (GOOD + "keeps: some\n", "6: unknown keeps some"),
        (GOOD.replace("{sor: 265161000016000}", "265161000016000"),
         "3: organisation must be one number: {sor: …}, {cvr: …} or {gln: …}"),
        (GOOD.replace("sor:", "sr:"), "3: unknown identifier system sr (did you mean sor?)"),
        (GOOD.replace("{sor: 265161000016000}", "{sor: }"), "3: the organisation's number is missing"),
        (GOOD.replace('["SP|REGH", SP2|REGH]', "[]"), "5: senders must be a list of texts"),
        (GOOD.replace('["SP|REGH", SP2|REGH]', "[[a]]"), "5: senders must be a list of texts"),
        (GOOD + "timezone: Europe/Kobenhavn\n", "6: Europe/Kobenhavn is no time zone"),
        (GOOD + "timezone: ../../etc/passwd\n", "6: ../../etc/passwd is no time zone"),
        (GOOD + "processing: [P, Q]\n", "6: unknown processing id Q"),
        (GOOD + "processing: []\n", "6: processing must be a list of texts"),
        (GOOD + "municipality: 101\n", "6: 101 is no municipality code: four digits (0101)"),
        (TOWN.replace("municipality: 0101\n", ""), "2: municipality is missing: four digits"),
        (GOOD + "authorities: [CPR]\n", "6: authorities must be a mapping from authorities to identifier systems"),
        (GOOD + "authorities:\n  CPR: 1.2.3\n", "7: CPR: an identifier system is a URI (urn:oid:…, http://…)"),
        (GOOD + "charset: [x]\n", "6: charset must be a text"),
        (GOOD + "extends: bas\n", "6: unknown file in extends: bas"),
        (GOOD + "name: B\n", "6: name stands here twice, first in line 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert f"mappings/sources/a.yaml:{told}" in wrong(tmp_path, a=text)


def test_a_sender_belongs_to_one_source(tmp_path: Path) -> None:
    assert wrong(tmp_path, a=GOOD, b=GOOD.replace("SP2", "SP3")) == [
        "mappings/sources/b.yaml:5: sender SP|REGH belongs to mappings/sources/a.yaml already"
    ]


def test_an_overlay_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert wrong(tmp_path, a=GOOD + "rules: psyk\n") == [
        "mappings/sources/a.yaml: rules: there is no folder mappings/hl7v2/psyk"
    ]


def test_a_source_without_senders_that_nobody_extends_is_an_error(tmp_path: Path) -> None:
    text = GOOD.replace('senders: ["SP|REGH", SP2|REGH]\n', "")
    assert wrong(tmp_path, a=text) == ["mappings/sources/a.yaml:1: senders is missing"]


def test_the_gateway_s_own_sources() -> None:
    found = Sources.read(Path(__file__).parents[4] / "mappings")
    assert found.find("hl7v2", "SP|REGH").keeps == "entitled"
    assert all(s.keeps == "entitled" for s in found if s.sector == "region")
    assert {s.language for s in found} >= {"hl7v2", "medcom", "kl", "oio", "oioxml", "edifact", "nexus", "momentum"}


def test_a_guest_is_read_by_the_rules_of_the_plain_source(tmp_path: Path) -> None:
    write(tmp_path, {"hl7v2/tolerant/patient.yaml": "extends: patient\n"})
    plain = GOOD.replace('"SP|REGH", SP2|REGH', '"X|Y"') + "rules: tolerant\n"
    guests = read(tmp_path, a=GOOD, **{"plain-hl7v2": plain}).with_guests()
    assert (guests.find("hl7v2", "NO|BODY").id, guests.find("hl7v2", "NO|BODY").rules) == (
        "unregistered-hl7v2", "tolerant",
    )  # fmt: skip
    assert guests.find("hl7v2", "SP|REGH").rules == ""
    assert guests.find("oio", "1").rules == ""
    assert read(tmp_path / "without", a=GOOD).with_guests().find("hl7v2", "NO|BODY").rules == ""


def test_a_source_says_what_a_number_without_an_authority_is(tmp_path: Path) -> None:
    bare = GOOD + 'authorities: {"": "urn:oid:1.2.208.176.1.2"}\n'
    assert read(tmp_path, a=bare).of("a").authorities == {"": "urn:oid:1.2.208.176.1.2"}
