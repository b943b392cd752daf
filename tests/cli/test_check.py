"""`gateway check`: what it says of good and of wrong mappings, of examples and of messages."""

import json
import shutil
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.cli import check, differing, register_client
from gateway.settings import Settings

ROOT = Path(__file__).parents[2]
ADMISSION = ROOT / "mappings" / "hl7v2" / "examples" / "admission.hl7"


def run(settings: Settings, *words: str | Path) -> int:
    parser = ArgumentParser()
    check.arguments(parser)
    return check.run(parser.parse_args([str(word) for word in words]), settings)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The gateway's own mappings, in a copy that may be spoilt."""
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    return replace(Settings(), mappings_folder=tmp_path / "mappings", data_folder=tmp_path / "data")


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """The gateway's own mappings where they are."""
    return replace(Settings(), data_folder=tmp_path / "data")


def test_the_gateway_s_own_mappings_and_examples_are_good(own: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(own) == 0, capsys.readouterr().out
    assert capsys.readouterr().out == "No errors.\n"


def test_every_error_is_told_with_its_file_and_line(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    rules = settings.mappings_folder / "hl7v2" / "patient.yaml"
    rules.write_text(
        rules.read_text("utf-8").replace("birthDate:", "birthDay:").replace("family:", "familiy:"), "utf-8"
    )
    assert run(settings) == 1
    out = capsys.readouterr().out
    assert "Patient.birthDay is not an R4 element (did you mean Patient.birthDate?)" in out
    assert "Patient.name.familiy is not an R4 element (did you mean Patient.name.family?)" in out
    assert "mappings/hl7v2/patient.yaml:" in out
    assert out.rstrip().endswith("errors")


def test_the_errors_of_all_parts_are_told_at_once(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    mappings = settings.mappings_folder
    for name, old in (("kl/careteam.yaml", "make:"), ("hl7v2/condition.yaml", "make:"), ("oio/patient.yaml", "make:")):
        (mappings / name).write_text((mappings / name).read_text("utf-8").replace(old, "maek:"), "utf-8")
    (mappings / "sources" / "bad.yaml").write_text("name: x\n")
    assert run(settings) == 1
    files = {line.partition(":")[0] for line in capsys.readouterr().out.splitlines()}
    assert {
        "mappings/kl/careteam.yaml", "mappings/hl7v2/condition.yaml", "mappings/oio/patient.yaml",
        "mappings/sources/bad.yaml",
    } <= files  # fmt: skip


def test_errors_as_json(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    (settings.mappings_folder / "codes" / "extra.csv").write_text("a,b\n")
    assert run(settings, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert ("mappings/codes/extra.csv", 1) in [(f["file"], f["line"]) for f in told["faults"]]


def test_who_may_call_is_checked_as_the_start_checks_it(own: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    (own.data_folder / "issuers").mkdir(parents=True)
    (own.data_folder / "issuers" / "sts.yaml").write_text("issuer: https://sts.example\nformat: saml3\n", "utf-8")
    nowhere, nonsense = own.data_folder / "none.pem", own.data_folder / "nonsense.pem"
    nonsense.write_text("no certificate", encoding="utf-8")
    assert run(replace(own, http_certificate=nowhere)) == 1
    told = capsys.readouterr().out
    assert "issuers/sts.yaml:2: " in told
    assert "settings: GATEWAY_HTTP_CERTIFICATE, GATEWAY_HTTP_KEY and GATEWAY_HTTP_CA do not name PEM files" in told
    assert f"There is no {nowhere}." in told
    (own.data_folder / "issuers" / "sts.yaml").unlink()
    assert run(replace(own, saml_key=nowhere)) == 1
    assert "settings: GATEWAY_SAML_KEY cannot be read" in capsys.readouterr().out
    assert run(replace(own, tls_certificate=nonsense)) == 1
    assert "settings: GATEWAY_TLS_CERTIFICATE, GATEWAY_TLS_KEY and GATEWAY_TLS_CA do not" in capsys.readouterr().out
    assert run(replace(own, http_certificate=nonsense)) == 1
    assert "GATEWAY_HTTP_CERTIFICATE, GATEWAY_HTTP_KEY and GATEWAY_HTTP_CA do not name PEM" in capsys.readouterr().out
    assert run(replace(own, clients_folder=own.data_folder / "klients")) == 1
    assert "settings: GATEWAY_CLIENTS_FOLDER names no folder at " in capsys.readouterr().out
    assert run(replace(own, oidc_client_id="faellesplan", oidc_key=nonsense)) == 1
    assert "without it nothing reads GATEWAY_OIDC_CLIENT_ID, GATEWAY_OIDC_KEY" in capsys.readouterr().out


def test_a_client_that_sends_as_no_source_is_told(own: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--id", "rh", "--name", "EPJ", "--organisation", "http://cvr.dk|29190623", "--sector", "region"]
    words += ["--role", "hospital", "--scope", "system/Bundle.c", "--new-key", str(own.data_folder / "rh.pem")]
    parser = ArgumentParser()
    register_client.arguments(parser)
    own.data_folder.mkdir()
    asked = parser.parse_args([*words, "--sends", "regionh-medcom", "--sends", "regionh-medcmo"])
    assert register_client.run(asked, own) == 0
    capsys.readouterr()
    assert run(own, ADMISSION) == 1
    told = capsys.readouterr().out
    assert "clients/rh.yaml: sends names regionh-medcmo, which is no source (did you mean regionh-medcom?)" in told
    assert told.endswith("1 error\n")


def test_a_broken_profile_and_missing_facts_are_told(settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "profiles" / "compiled", tmp_path / "profiles" / "compiled")
    (tmp_path / "profiles" / "compiled" / "x.json").write_text("{")
    faults, rules = check._start(settings, tmp_path / "profiles")
    assert rules is not None
    assert [(Path(f.file).name, f.text) for f in faults] == [
        ("r4-facts.json", "cannot be read: FileNotFoundError"),
        ("r4-definitions.json", "cannot be read: FileNotFoundError"),
        ("compiled", "cannot be read: JSONDecodeError"),
    ]


def test_a_message_is_translated_and_counted(own: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(own, ADMISSION) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{ADMISSION}: hl7v2 A01, ")
    assert last == "No errors."
    assert run(own, ADMISSION, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert told["messages"][0]["source"] == "regionh-psyk-adt"
    assert "2512489996" not in json.dumps(told)


def test_messages_that_are_refused_are_told_with_their_place(
    own: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = ADMISSION.read_text("utf-8")
    (tmp_path / "event.hl7").write_text(text.replace("ADT^A01^ADT_A01", "ADT^A99"), "utf-8")
    (tmp_path / "stranger.hl7").write_text(text.replace("|SP|REGH|", "|X|Y|"), "utf-8")
    (tmp_path / "nothing.txt").write_text("hello")
    names = [tmp_path / name for name in ("event.hl7", "stranger.hl7", "nothing.txt", "absent.hl7")]
    assert run(own, *names) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[0] for line in lines[:-1]] == [str(name) for name in names]
    assert " at MSH^1^9." in lines[0]
    assert lines[-1] == "4 errors"


def test_an_example_that_comes_out_differently_is_told_by_its_place_and_can_be_accepted(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = settings.mappings_folder / "hl7v2" / "examples"
    message = folder / "admission.hl7"
    message.write_text(message.read_text("utf-8").replace("19481225", "19481224"), "utf-8")
    assert run(settings) == 1
    out = capsys.readouterr().out
    assert "admission.expected.json: differs at statements[0].body.birthDate" in out
    assert "1948" not in out
    assert run(settings, "--accept") == 0
    assert run(settings) == 0


def test_an_example_needs_what_it_must_become(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    (settings.mappings_folder / "hl7v2" / "examples" / "admission.expected.json").unlink()
    assert run(settings) == 1
    assert "admission.expected.json is missing: `gateway check --accept` writes it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wanted", "got", "places"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": 1}, {"b": 1}, ["a (gone)", "b (new)"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a (1 items instead of 2)"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": []}]}, ["a[0].b"]),
    ],
)
def test_differences(wanted: object, got: object, places: list[str]) -> None:
    assert list(differing.differences(wanted, got, "")) == places


def test_a_code_that_there_is_not_is_a_finding_of_the_message(
    own: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "mappings" / "oio" / "examples" / "closed-case.xml").read_text("utf-8")
    assert "27.57.16" in text
    (tmp_path / "case.xml").write_text(text.replace("27.57.16", "27.57.99"), "utf-8")
    assert run(own, tmp_path / "case.xml") == 0
    assert "KLE has no such code" in capsys.readouterr().out
