"""gateway register-user: a user's file as the gateway reads it; the password is asked for and never shown."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import io
import json
import re
from pathlib import Path

import pytest

from gateway.cli import check, register_user
from gateway.errors import GatewayError, SettingsError
from gateway.inbound import clients
from gateway.inbound.issuer import users
from gateway.inbound.issuer.passwords import Passwords
from gateway.inbound.issuer.users import User
from gateway.settings import Settings
from tests.cli.test_register_client import call as register_client

PASSWORD = "fjorten grønne heste"
WORDS = ["--id", "karla.bo", "--name", "Karla Bo", "--client", "odense-social", "--purpose", "HOPERAT"]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    words = ["--id", "odense-social", "--name", "Odense", "--organisation", "http://cvr.dk|35209115", "--sector",
             "municipality", "--role", "social", "--purpose", "HOPERAT", "--scope", "system/*.rs"]  # fmt: skip
    register_client(tmp_path / "clients", *words, "--new-key", str(tmp_path / "key.pem"))
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\nmore\n"))
    return Settings(data_folder=tmp_path)


def call(settings: Settings, *words: str) -> int:
    parser = argparse.ArgumentParser()
    register_user.arguments(parser)
    return register_user.run(parser.parse_args(words), settings)


def test_a_user(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert call(settings, *WORDS, "--title", "leder", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    file = settings.users / "karla.bo.yaml"
    assert (told["file"], told["id"], told["client"]) == (str(file), "karla.bo", "odense-social")
    assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in file.read_text("utf-8")
    user = users.load(settings.users, clients.load(settings.clients)).get("karla.bo")
    assert user is not None
    assert (user.name, user.title) == ("Karla Bo", "leder")
    assert asyncio.run(Passwords().holds(PASSWORD, user.password))
    with pytest.raises(SettingsError, match="there already"):
        call(settings, *WORDS)


def with_app(settings: Settings, capsys: pytest.CaptureFixture[str], name: str = "karla.bo") -> tuple[User, str]:
    """A user with --totp, as a gateway reads it, and the address that was told."""
    capsys.readouterr()
    assert call(settings, *WORDS, "--id", name, "--totp", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    user = users.load(settings.users, clients.load(settings.clients)).get(name)
    assert user is not None
    assert user.totp == told["totp"]
    return user, told["address"]


def test_a_user_with_an_app_for_codes(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    user, address = with_app(settings, capsys)
    assert address.startswith("otpauth://totp/faellesplan%3Akarla.bo?secret=" + user.totp)
    assert user.amr == ("pwd", "otp", "mfa")
    assert user.totp not in repr(user)


def test_the_secret_is_shown_once(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert call(settings, *WORDS, "--totp") == 0
    (secret,) = re.findall(r"no copy: ([A-Z2-7]{32})$", capsys.readouterr().out, re.MULTILINE)
    assert f'totp: "{secret}"' in (settings.users / "karla.bo.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", ["karla.bo", "b.bo"], ids=["who has lost the phone", "somebody else"])
def test_nobody_gets_a_secret_that_was_given(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The file is moved away, also within the folder, and written again: the old secret is nobody's."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n" * 2))
    before, _ = with_app(settings, capsys)
    (settings.users / "karla.bo.yaml").rename(settings.users / "karla.bo.yaml.1")
    assert with_app(settings, capsys, name)[0].totp != before.totp


def test_nothing_is_written_when_anything_is_wrong(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (["--client", "nobody"], ["--purpose", "TREAT"], ["--id", "../karla"], ["--name", ""]):
        with pytest.raises(GatewayError):
            call(settings, *WORDS, *wrong)
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(SettingsError, match="fewer than"):
        call(settings, *WORDS)
    assert not settings.users.exists()


def test_check_tells_of_a_user_whose_client_is_gone(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    call(settings, *WORDS)
    (settings.clients / "odense-social.yaml").unlink()
    parser = argparse.ArgumentParser()
    check.arguments(parser)
    assert check.run(parser.parse_args([]), settings) == 1
    assert "users/karla.bo.yaml:3: client is not registered" in capsys.readouterr().out


def test_at_a_terminal_it_is_asked_twice_and_not_shown(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [PASSWORD, PASSWORD + "!", PASSWORD, PASSWORD]
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: answers.pop(0))
    with pytest.raises(SettingsError, match="not the same"):
        call(settings, *WORDS)
    assert call(settings, *WORDS) == 0
