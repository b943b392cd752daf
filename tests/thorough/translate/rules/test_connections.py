"""Where messages to a source go, and whose certificates send as it: what a source's file may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.source import Connection
from gateway.translate.rules.problems import MappingError
from gateway.translate.rules.sources import Sources
from tests.translate.rules.desk import write

GOOD = """name: A
sector: region
organisation: {sor: 265161000016000}
language: hl7v2
senders: ["SP|REGH"]
"""


def read(folder: Path, text: str) -> Sources:
    return Sources.read(write(folder, {"sources/a.yaml": GOOD + text}))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("deliver: {url: mllp://epj.example:2575}", Connection("mllp://epj.example:2575")),
        ("deliver: {url: 'mllps://[::1]:2575', answers: no}", Connection("mllps://[::1]:2575", answers=False)),
        ("deliver:\n  url: https://epj.example/in\n  answers: yes", Connection("https://epj.example/in")),
        ("deliver: {url: http://127.0.0.1:8080/in}", Connection("http://127.0.0.1:8080/in")),
        ("", None),
    ],
)
def test_a_connection_is_a_url(tmp_path: Path, text: str, found: Connection | None) -> None:
    assert read(tmp_path, text).of("a").deliver == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("deliver: mllp://epj.example:2575", "deliver needs a url"),
        ("deliver: {host: epj.example}", "deliver needs a url"),
        ("deliver: {url: mllp://epj.example}", "must be mllp://host:port"),
        ("deliver: {url: mllp://epj.example:2575/in}", "must be mllp://host:port"),
        ("deliver: {url: ftp://epj.example}", "is none of mllp"),
        ("deliver: {url: epj.example:2575}", "is none of mllp"),
        ("deliver: {url: 'https://'}", "is none of mllp"),
        ("deliver: {url: https://epj.example:port}", "is no URL"),
        ("deliver: {url: http://epj.example/in}", "in the open"),
        ("deliver: {url: https://user:secret@epj.example/in}", "must not hold a password"),
        ("deliver: {url: [https://epj.example]}", "url must be a text"),
        ("deliver: {url: https://epj.example, answers: perhaps}", "answers must be yes or no"),
        ("deliver: {url: https://epj.example, anwsers: no}", "did you mean answers?"),
        ("certificate: {cn: epj}", "certificate must be a list of texts"),
        ("certificate: []", "certificate must be a list of texts"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(MappingError) as caught:
        read(tmp_path, text)
    problems = [str(one) for one in caught.value.problems]
    assert any(told in one for one in problems)
    assert all(one.startswith("mappings/sources/a.yaml:6:") for one in problems)
    assert "secret" not in "".join(problems)


def test_certificates_are_one_name_or_several(tmp_path: Path) -> None:
    several = read(tmp_path, 'certificate: ["CN=a,O=Region, Test", "b.example"]')
    assert several.of("a").certificates == ("CN=a,O=Region, Test", "b.example")


def test_one_name_needs_no_list(tmp_path: Path) -> None:
    assert read(tmp_path, "certificate: CN=a").of("a").certificates == ("CN=a",)


def test_an_extended_file_gives_its_connection(tmp_path: Path) -> None:
    base = "language: hl7v2\nsector: region\ndeliver: {url: mllp://region.example:1}\n"
    own = 'extends: base\nname: A\norganisation: {sor: 265161000016000}\nsenders: ["SP|REGH"]\n'
    found = Sources.read(write(tmp_path, {"sources/base.yaml": base, "sources/a.yaml": own}))
    assert found.of("a").deliver == Connection("mllp://region.example:1")
