"""`gateway translate` and `gateway explain` on the project's own rules."""

from __future__ import annotations

import io
import json
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gateway.cli import explain, translate
from gateway.errors import BadRequest, NoCitizen, UnknownMessage
from gateway.settings import Settings

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "fixtures" / "bench" / "adt_a01.hl7"
STIN = ROOT / "fixtures" / "messages" / "medcom" / "stin.json"


def run(command: ModuleType, *words: str | Path) -> int:
    parser = ArgumentParser()
    command.arguments(parser)
    settings = replace(Settings(), data_folder=Path("there is none"))
    return int(command.run(parser.parse_args([str(word) for word in words]), settings))


def bundle(capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, Any]]]:
    told = json.loads(capsys.readouterr().out)
    assert (told["resourceType"], told["type"]) == ("Bundle", "collection")
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in told["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"].endswith(f"/fhir/{resource['resourceType']}/{resource['id']}")
        found.setdefault(resource["resourceType"], []).append(resource)
    return found


def test_a_message_becomes_a_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(translate, BENCH) == 0
    found = bundle(capsys)
    assert {kind: len(made) for kind, made in found.items()} == {
        "CareTeam": 1,
        "Condition": 2,
        "Encounter": 1,
        "Patient": 1,
        "RelatedPerson": 1,
    }


def test_every_reference_resolves_inside_it(capsys: pytest.CaptureFixture[str]) -> None:
    run(translate, "--json", BENCH)
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    told = json.loads(text)
    known = {f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in told["entry"]}

    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["reference"]} if "reference" in value else set()
            return own.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    assert references(told["entry"]) <= known


def test_the_same_message_gives_the_same_bundle_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    run(translate, BENCH)
    first = capsys.readouterr().out
    run(translate, BENCH)
    assert capsys.readouterr().out == first
    assert not Path("there is none").exists()


def test_several_messages_are_folded_whatever_their_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = tmp_path / "gone.hl7"
    later = BENCH.read_bytes().replace(b"ADT^A01^ADT_A01", b"ADT^A03").replace(b"SP202601190042", b"SP2")
    gone.write_bytes(later.replace(b"EVN|A01|20260119221540", b"EVN|A03|20260121100000"))
    run(translate, gone, BENCH)
    (stay,) = bundle(capsys)["Encounter"]
    assert stay["status"] == "finished"
    run(translate, BENCH, gone)
    assert bundle(capsys)["Encounter"] == [stay]


def test_two_languages_may_tell_of_one_citizen(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(translate, BENCH, STIN) == 0
    assert len(bundle(capsys)["Encounter"]) == 2


def test_a_merge_joins_two_identities(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = BENCH.read_bytes().decode().split("\r")
    merge = [lines[0].replace("ADT^A01^ADT_A01", "ADT^A40"), lines[1], lines[2], "MRG|0703921VJ5^^^X-ECPR"]
    file = tmp_path / "merge.hl7"
    file.write_bytes("\r".join(merge).encode())
    run(translate, file, BENCH)
    assert [p["active"] for p in bundle(capsys)["Patient"]] == [True, False]


def test_what_was_not_carried_over_is_told_beside_the_bundle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "odd.hl7"
    file.write_bytes(BENCH.read_bytes().replace(b"|D^Fraskilt^HL70002|", b"|Q^Andet^L|"))
    assert run(translate, file) == 0
    told = capsys.readouterr()
    assert "PID^1^16: code is not in table v2-marital-status" in told.err
    assert "mappings/hl7v2/patient.yaml:" in told.err
    assert "Andet" not in told.err


def test_anonymous_treatment_is_left_out_as_a_running_gateway_leaves_it_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Serviceloven § 101 a is no part of any plan (§ 141 (6))."""
    order = json.loads((ROOT / "fixtures" / "messages" / "kl" / "order.json").read_text("utf-8"))
    efforts = [e["resource"] for e in order["entry"] if "basedOn" in e["resource"]]
    efforts[0]["activity"][0]["detail"]["code"] = {"text": "Anonym behandling efter servicelovens § 101 a"}
    file = tmp_path / "order.json"
    file.write_text(json.dumps(order), "utf-8")
    assert run(translate, file) == 0
    out, told = capsys.readouterr()
    assert "Anonym behandling" not in out
    assert "Anonymous treatment" in told
    assert len([e for e in json.loads(out)["entry"] if "basedOn" in e["resource"]]) == len(efforts) - 1


def test_a_message_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BENCH.read_bytes())))
    assert run(translate, "-") == 0
    assert bundle(capsys)["Encounter"]


@pytest.mark.parametrize("command", [translate, explain])
def test_a_file_that_is_not_there(command: ModuleType) -> None:
    with pytest.raises(BadRequest, match="cannot be read"):
        run(command, "no such file")


@pytest.mark.parametrize("command", [translate, explain])
def test_a_file_that_is_no_message(command: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("hello")
    with pytest.raises(UnknownMessage):
        run(command, file)


def test_explain_tells_elements_fields_and_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(explain, BENCH) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["element", "field", "rule"]
    rows = {line[0]: line[1:] for line in lines if line}
    assert rows["Encounter.class"][0] == "PV1-2"
    assert rows["Encounter.class"][1].startswith("mappings/hl7v2/encounter.yaml:")
    assert rows["Encounter.location[0].status"][0] == "(literal)"
    assert rows["ROL-11"] == ["addresses", "of", "staff", "are", "not", "exchanged"]
    assert sum(line[:1] == ["ROL-11"] for line in lines) == 1


def test_explain_tells_what_was_not_carried_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "odd.hl7"
    file.write_bytes(BENCH.read_bytes().replace(b"|D^Fraskilt^HL70002|", b"|Q^Andet^L|") + b"ZBE|1\r")
    assert run(explain, file) == 0
    out = capsys.readouterr().out
    assert "Found on the way" in out
    assert "ZBE-1   unread" in out
    assert "Andet" not in out


def test_explain_for_a_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(explain, "--json", BENCH) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) >= {"rows", "unread", "findings"}
    (row,) = [row for row in told["rows"] if row["target"] == "Patient.birthDate"]
    assert (row["fields"], row["places"]) == (["PID-7"], ["PID^1^7"])


def test_explain_speaks_the_other_languages_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(explain, STIN) == 0
    assert "mappings/medcom/" in capsys.readouterr().out


def test_explain_tells_of_a_code_that_there_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "mappings" / "oio" / "examples" / "closed-case.xml").read_text("utf-8")
    (tmp_path / "case.xml").write_text(text.replace("27.57.16", "27.57.99"), "utf-8")
    assert run(explain, tmp_path / "case.xml") == 0
    assert "KLE has no such code" in capsys.readouterr().out.partition("Found on the way")[2]


@pytest.mark.parametrize("command", [translate, explain])
@pytest.mark.parametrize("batch", [False, True])
def test_a_refused_group_of_a_merge_is_named_as_in_its_message(
    tmp_path: Path, command: ModuleType, *, batch: bool
) -> None:
    head = "MSH|^~\\&|SP|HGH|GW|KK|20250316080015+0100||ADT^A40|M1|P|2.5\rEVN|A40|20250316\r"
    group = "PID|||%s^^^^NNDNK\rMRG|%s\r"
    merges = group % ("2512489996", "L1^^^REGH") + group % ("2505544849", "0000000000^^^^NNDNK")
    file = tmp_path / "merge.hl7"
    file.write_text(f"BHS|^~\\&|SP|HGH\r{head}{merges}BTS|1\r" if batch else head + merges, "utf-8")
    with pytest.raises(NoCitizen) as caught:
        run(command, file)
    assert caught.value.where == "MRG^2^1"
