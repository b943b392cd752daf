"""The users of the built-in provider: one YAML file each, read once at start. All errors at once, with `file:line`.

id: karla.bo                       # what she types, in lower case
name: Karla Bo
title: databeskyttelsesrådgiver    # optional: her role in words
client: dpo-region                 # the registered client as which she acts: organisation, role, purposes, scopes
purpose: HCOMPL                    # the purpose of her looks; one of the client's
password: scrypt$32768$8$1$…       # gateway register-user writes it
totp: JBSWY3DP…                    # optional: the secret of her one-time codes (register-user --totp)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.domain.identifier import CPR
from gateway.domain.record import masked
from gateway.errors import SettingsError
from gateway.inbound.acting import OVERRIDE_PURPOSE
from gateway.inbound.clients import Clients
from gateway.inbound.issuer.passwords import UnfitPassword, check_form
from gateway.inbound.issuer.totp import UnfitSecret
from gateway.inbound.issuer.totp import check_form as check_secret
from gateway.translate.rules.loader import Table, Text, parse, read
from gateway.translate.rules.problems import Problems

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_REQUIRED = ("id", "name", "client", "purpose", "password")
_KNOWN = ("id", "name", "title", "client", "purpose", "password", "totp")
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class User:
    """One person who logs in here."""

    id: str
    name: str
    title: str
    client: str
    purpose: str
    password: str = field(repr=False)
    totp: str = field(default="", repr=False)

    @property
    def amr(self) -> tuple[str, ...]:
        """How she proves who she is (RFC 8176)."""
        return ("pwd", "otp", "mfa") if self.totp else ("pwd",)


class Users:
    """All users, by what they type."""

    def __init__(self, users: Iterable[User] = ()) -> None:
        self._users = {user.id: user for user in users}

    def get(self, id: str) -> User | None:
        """The user of this id, or None."""
        return self._users.get(id)

    def __len__(self) -> int:
        return len(self._users)


def load(folder: Path, clients: Clients) -> Users:
    """The users of a folder's `*.yaml`; none when it is absent. Raises MappingError with every error found."""
    problems = Problems()
    found: dict[str, User] = {}
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        table = read(path, f"{folder.name}/{path.name}", problems)
        user = _user(table, clients, problems) if table else None
        if user is None or table is None:
            continue
        if user.id in found:
            problems.add(table.marks["id"], "stands in another file too: a user has one file")
        found[user.id] = user
    problems.check()
    return Users(found.values())


def understood(text: str, name: str, clients: Clients) -> User:
    """The user that a text of YAML describes; `name` stands for its file. Raises MappingError with every error."""
    problems = Problems()
    table = parse(text, name, problems)
    user = _user(table, clients, problems) if table else None
    problems.check()
    if user is None:  # no user without an error
        raise SettingsError("This describes no user", where=name)
    return user


def written(user: Mapping[str, str]) -> str:
    """A user's file: the entries above, every text quoted."""
    return "".join(f"{name}: {json.dumps(user[name], ensure_ascii=False)}\n" for name in _KNOWN if user.get(name))


def _user(table: Table, clients: Clients, problems: Problems) -> User | None:
    before = len(problems.found)
    for key in table.entries.keys() - set(_KNOWN):
        problems.unknown(table.marks[key], "entry", key, _KNOWN)
    texts = {name: _text(table, name, problems) for name in _KNOWN}

    def wrong(name: str, text: str) -> None:
        problems.add(table.marks.get(name, table.mark), f"{name} {text}")

    if texts["id"] and (not _ID.fullmatch(texts["id"]) or masked(texts["id"]) != texts["id"] or CPR in texts["id"]):
        wrong("id", "takes small letters, digits, `.`, `_` and `-`, at most 64, and is nobody's number")
    client = clients.get(texts["client"])
    if texts["client"] and client is None:
        wrong("client", "is not registered")
    if client and texts["purpose"] and texts["purpose"] not in client.purposes:
        wrong("purpose", "is not one of the client's purposes")
    if texts["purpose"] == OVERRIDE_PURPOSE:
        wrong("purpose", "cannot be an override: its reason is given for each citizen")
    try:
        check_form(texts["password"])
    except UnfitPassword as error:
        wrong("password", str(error))
    try:
        if texts["totp"]:
            check_secret(texts["totp"])
    except UnfitSecret as error:
        wrong("totp", str(error))
    return User(**texts) if len(problems.found) == before else None


def _text(table: Table, name: str, problems: Problems) -> str:
    node = table.entries.get(name)
    value = node.value.strip() if isinstance(node, Text) else ""
    if (node is not None or name in _REQUIRED) and not (0 < len(value) <= _LONGEST and value.isprintable()):
        problems.add(table.marks.get(name, table.mark), f"{name} must be a text of at most {_LONGEST} characters")
    return value
