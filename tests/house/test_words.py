"""Nothing is left for later, and nothing names the machine that it was written on."""

from __future__ import annotations

import re

from tests.house.tree import below, files, text, written

# Put together here so that this file is not its own first finding.
LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK|NotImplemented" + r"Error)\b")
HOSTS = re.compile(
    r"(?:pypi\." + r"org|python" + r"hosted|npmjs\." + r"(?:org|com)|proxy\.go" + r"lang|deb\.deb" + r"ian"
    r"|docker\." + r"io|ghcr\." + r"io|quay\." + r"io)"
)
PLACES = re.compile(r"(?<![\w.$}])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me|op" + r"t|Us" + r"ers)/\w")
SECRETS = re.compile(r"PRIVATE " + r"KEY-----\s+[A-Za-z0-9+/=]{16}")


def found(pattern: re.Pattern[str]) -> list[str]:
    """Every line that matches, as file:line."""
    return [
        f"{file}:{number} {match.group()}"
        for file in written()
        for number, line in enumerate(text(file).splitlines(), 1)
        if (match := pattern.search(line))
    ]


def test_nothing_is_left_for_later() -> None:
    assert not found(LATER)


def test_no_registry_and_no_machine_is_named() -> None:
    assert not found(HOSTS)
    assert not found(PLACES)
    for name in ("requirements.txt", "requirements-dev.txt"):
        lock = next(text(f) for f in files() if str(f) == name)
        assert "://" not in lock
        assert "--hash=sha256:" in lock
    assert not [f for f in files() if f.name in {"uv.lock", "package-lock.json", "poetry.lock"}]


def test_no_secret_is_kept() -> None:
    assert not [str(file) for file in written() if SECRETS.search(text(file))]
    assert not [f for f in files() if f.suffix in {".pem", ".key", ".p12", ".env"} or f.name == ".env"]


def test_nothing_large_or_hidden_is_kept() -> None:
    assert not [f for f in below("gateway", "tests", "mappings", "fixtures") if f.stat().st_size > 300_000]
    hidden = {f.parts[0] for f in files() if f.parts[0].startswith(".")}
    assert hidden <= {".ci", ".gitignore", ".dockerignore", ".gitattributes"}
