"""Secrets of connections: out of a variable or a file, missing ones told together by name, never by what they hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.domain.source import Connection, Fetching
from gateway.errors import SettingsError
from gateway.flows.parts import Gateway
from gateway.outbound import secrets
from gateway.outbound.lines import own_contexts
from tests.certificates import authority, signed

NOTHING = Path()


def test_a_variable_or_a_file_without_its_line_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS", " s3cret\r\n")
    (tmp_path / "secret").write_text("fra fil: æ\n", "utf-8")
    assert secrets.secret("NEXUS") == "s3cret"
    assert secrets.secret(str(tmp_path / "secret")) == "fra fil: æ"
    monkeypatch.setenv("NEXUS", "another")
    assert secrets.secret("NEXUS") == "another", "a secret that was changed counts from then on"


@pytest.mark.parametrize("content", [None, b"", b" \r\n", b"\xff\xfes3cret"])
def test_what_holds_no_secret_is_named_and_not_shown(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    for name in (str(file), str(tmp_path), "NOT_SET_ANYWHERE"):
        with pytest.raises(SettingsError) as told:
            secrets.secret(name)
        assert name in told.value.told()
        assert "s3cret" not in told.value.told()


def test_all_that_are_missing_are_told_at_once(parts: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THERE", "s3cret")
    there = Fetching("https://nexus.example/", "https://nexus.example/token", "c", "THERE")
    source = next(iter(parts.sources.values()))
    good = replace(source, id="good", fetch=there)
    first = replace(source, id="first", fetch=replace(there, secret="GONE"))
    second = replace(source, id="second", fetch=replace(there, key=str(tmp_path / "gone.pem")))
    secrets.check([replace(source, fetch=None), good])
    with pytest.raises(SettingsError) as told:
        secrets.check([good, first, second])
    assert "GONE (first)" in told.value.told()
    assert "gone.pem (second)" in told.value.told()
    assert "good" not in told.value.told()


def test_a_connection_with_files_of_its_own(parts: Gateway, tmp_path: Path) -> None:
    own, junk = signed(tmp_path, "gateway.example"), tmp_path / "junk.pem"
    junk.write_text("no certificate")
    source = next(one for one in parts.sources.values() if one.language == "hl7v2")

    def made(**files: Path) -> set[str]:
        told = {name: str(file) for name, file in files.items()}
        there = Connection("mllps://receiver.example:2575", **told)
        return set(own_contexts([replace(source, id="theirs", deliver=there)], NOTHING, NOTHING, NOTHING))

    assert made() == set(), "what has none uses the node's"
    assert made(certificate=own.certificate, key=own.key) == {"theirs"}
    assert made(authorities=authority(tmp_path)) == {"theirs"}
    for files in (
        {"authorities": junk}, {"authorities": tmp_path / "gone.pem"}, {"certificate": junk, "key": own.key},
        {"certificate": own.certificate, "key": junk},
    ):  # fmt: skip
        with pytest.raises(SettingsError) as told:
            made(**files)
        assert "mappings/sources/theirs.yaml" in told.value.told(), "whose it is, also where the file is unreadable"
        assert str(tmp_path) not in told.value.text
