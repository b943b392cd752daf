"""Users of the built-in provider: their files, and their passwords."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.inbound.clients import Clients
from gateway.inbound.issuer.passwords import LONGEST, Passwords, UnfitPassword, check_form, hashed
from gateway.inbound.issuer.users import load, written
from gateway.translate.rules.problems import MappingError
from tests.inbound.oauth_client import hospital

CLIENTS = Clients([hospital(id="dpo", purposes=("HCOMPL", "BTG"))])
HASH = hashed("fjorten grønne heste")
KARLA = {"id": "karla.bo", "name": 'Karla "Kalle" Bo: æøå', "title": "# ja", "client": "dpo", "purpose": "HCOMPL",
         "password": HASH}  # fmt: skip


def put(folder: Path, file: str = "karla.yaml", **changed: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(written({**KARLA, **changed}), "utf-8")
    return folder


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = load(put(tmp_path / "users"), CLIENTS).get("karla.bo")
    assert found is not None
    assert (found.name, found.title, found.password) == (KARLA["name"], KARLA["title"], HASH)
    assert HASH not in repr(found)
    assert (found.totp, found.amr) == ("", ("pwd",))
    assert len(load(tmp_path / "none", CLIENTS)) == 0


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"id": "Karla"}, "id takes small letters"),
        ({"id": "0108589995"}, "nobody's number"),
        ({"name": ""}, "name must be a text"),
        ({"client": "nobody"}, "client is not registered"),
        ({"purpose": "TREAT"}, "purpose is not one of the client's"),
        ({"purpose": "BTG"}, "purpose cannot be an override"),
        ({"password": "plain text"}, "is not written as gateway register-user"),
        ({"password": HASH.replace("$32768$", "$1024$")}, "other parameters"),
        ({"password": HASH.replace("$32768$", "$1048576$")}, "other parameters"),
        ({"password": HASH[:-20]}, "is not written as"),
        ({"totp": "not base32!"}, "totp is no base32"),
        ({"totp": "JBSWY3DP"}, "totp has fewer than 16"),
        ({"totp": "A" * 160}, "more than 64 bytes"),
    ],
)
def test_files_that_are_wrong_stop_the_start(tmp_path: Path, changed: dict[str, str], told: str) -> None:
    with pytest.raises(MappingError, match=told) as error:
        load(put(tmp_path / "users", **changed), CLIENTS)
    assert HASH.rpartition("$")[2] not in str(error.value)


def test_a_user_has_one_file_and_nothing_unknown_in_it(tmp_path: Path) -> None:
    folder = put(put(tmp_path / "users"), "again.yaml")
    with pytest.raises(MappingError, match="has one file"):
        load(folder, CLIENTS)
    (folder / "again.yaml").write_text("rolle: auditor\n", "utf-8")
    with pytest.raises(MappingError, match="rolle"):
        load(folder, CLIENTS)


def test_a_password_is_known_in_every_spelling_of_its_letters_and_in_no_other() -> None:
    async def test() -> None:
        passwords = Passwords()
        composed, apart = "gr\u00f8n \u00e5 \u00e9 og lang", "gr\u00f8n a\u030a e\u0301 og lang"
        text = hashed(composed)
        assert await passwords.holds(composed, text)
        assert await passwords.holds(apart, text)
        for other in ("", composed + " ", composed.upper(), "x" * 10_000, "\ud800" * 12):
            assert not await passwords.holds(other, text)
        assert not await passwords.holds(composed, None)

    asyncio.run(test())


def test_what_is_kept() -> None:
    assert hashed("x" * 12) != hashed("x" * 12), "salted"
    check_form(hashed("x" * 12))
    for unfit in ("x" * 11, "", "x" * (LONGEST + 1)):
        with pytest.raises(UnfitPassword):
            hashed(unfit)
    for text in ("", "scrypt", HASH + "$", HASH.replace("scrypt", "plain"), HASH.replace("$8$1$", "$8$9$")):
        with pytest.raises(UnfitPassword):
            check_form(text)
