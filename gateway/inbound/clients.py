"""The registered clients: one YAML file each, read once at start. All errors at once, with `file:line`.

id: rh-epj                                # client_id: iss and sub of its assertions
name: Rigshospitalet, patientjournal
version: "4.2"                            # optional: stands in the access log beside the name
organisation: {system: "urn:oid:1.2.208.176.1.1", value: "265161000016000", name: Rigshospitalet}
sector: region                            # region | municipality | other
role: hospital                            # what mappings/policy decides by; never taken from a token request
purposes: [TREAT, BTG]                    # v3-ActReason codes that its users may give
scopes: [system/*.rs, system/Bundle.c]    # the most it can be given
sends: [rh]                               # sources it may send messages as (mappings/sources)
member_of: ["urn:oid:1.2.208.176.1.1|265161000016001"]     # units and parents it also counts as
cases:                                    # optional: OIO cases it may read, each row owner × KLE classes × Foelsomhed;
  - {owner: "64942212", classes: ["27", "29.18"], sensitivity: FOELSOMME_PERSONOPLYSNINGER}   # domain/limits.py
rights: [lower-labels]                    # optional: RIGHTS of domain/caller.py
redirect_uris: [https://epj.example.dk/callback]   # optional: people log in to it by our provider, and return here
jku: https://epj.example.dk/jwks.json     # where it publishes its keys: fetched when `jwks` is left out; the only URL
                                          # that its assertions may name
jwks:                                     # its keys by value
  keys:
    - {kty: EC, crv: P-384, kid: 2025-1, x: …, y: …}
bound: dpop                               # optional: its tokens are bound to its key (dpop) or certificate (mtls)
limits: {per_second: 50, burst: 200}      # optional: calls that it may make; more are answered 429
introspects: yes                          # optional: a resource server that may ask what a token is (RFC 7662)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.domain.caller import RIGHTS, Caller
from gateway.domain.consent.ask import PURPOSES
from gateway.domain.identifier import CVR, Identifier, normal
from gateway.domain.limits import ANY, SENSITIVITY, CaseAccess
from gateway.errors import SettingsError
from gateway.inbound.keys import PublicKey, UnfitKey, candidate, public_key
from gateway.inbound.scopes import Scope, unserved
from gateway.inbound.scopes import read as read_scope
from gateway.translate import r4
from gateway.translate.rules.loader import Items, Node, Table, Text, parse, read
from gateway.translate.rules.problems import Problems

SECTORS = ("region", "municipality", "other")
ROLES = (
    "hospital", "nursing", "social", "provider", "jobcenter", "benefit", "ngo", "citizen", "auditor", "operator",
)  # fmt: skip
_NUMBER = re.compile(r"[1-9][0-9]{0,6}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RETURN = re.compile(r"https://[a-z0-9.-]+(?::[0-9]+)?/[!$-;=?-Z_a-z~]*|http://127\.0\.0\.1:[0-9]+/[!$-;=?-Z_a-z~]*")
BINDINGS = ("", "dpop", "mtls")
_TEXTS = ("id", "name", "version", "sector", "role", "jku", "bound", "introspects")
_OPTIONAL = ("version", "jku", "bound", "introspects")
_PURPOSES = sorted(purpose.rpartition("|")[2] for purpose in PURPOSES)
_LISTS = ("purposes", "scopes", "sends", "member_of", "rights", "redirect_uris")
_KNOWN = (
    "id name version organisation sector role purposes scopes sends member_of cases rights redirect_uris jku jwks bound"
    " limits introspects"
).split()


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls that a client may make: so many a second in the long run, so many at once after a rest."""

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class Client:
    """One registered system."""

    id: str
    name: str
    organisation: Identifier
    organisation_name: str
    sector: str
    role: str
    purposes: tuple[str, ...]
    scopes: tuple[Scope, ...]
    keys: tuple[PublicKey, ...] = field(default=(), repr=False)  # none: they are fetched from `jku`
    sends: tuple[str, ...] = ()
    member_of: tuple[str, ...] = ()
    jku: str = ""
    cases: tuple[CaseAccess, ...] = ()
    rights: tuple[str, ...] = ()
    bound: str = ""  # "" | dpop | mtls
    limits: Limits | None = None
    introspects: bool = False
    version: str = ""
    redirect_uris: tuple[str, ...] = ()


class Clients:
    """All registered clients, by id."""

    def __init__(self, clients: Iterable[Client] = ()) -> None:
        self._clients = {client.id: client for client in clients}

    def get(self, id: str) -> Client | None:
        """The client of this id, or None."""
        return self._clients.get(id)

    def __iter__(self) -> Iterator[Client]:
        return iter(self._clients.values())

    def __len__(self) -> int:
        return len(self._clients)


def registered(clients: Iterable[Client]) -> Iterator[Caller]:
    """Each client as its registration alone makes it: with all its scopes and purposes, and nobody in front of it."""
    for one in clients:
        yield Caller(
            client=one.id, client_name=one.name, organisation=one.organisation, sector=one.sector, role=one.role,
            organisation_name=one.organisation_name, user="", user_name="", user_role="", purposes=one.purposes,
            scopes=tuple(map(str, one.scopes)), sends=one.sends, member_of=one.member_of, cases=one.cases,
            rights=one.rights, client_version=one.version,
        )  # fmt: skip


def load(folder: Path) -> Clients:
    """The clients of a folder's `*.yaml`; none when it is absent. Raises MappingError with every error found."""
    problems = Problems()
    found: dict[str, Client] = {}
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        name = f"{folder.name}/{path.name}"
        table = read(path, name, problems)
        client = _File(table, problems).client() if table else None
        if client is None or table is None:
            continue
        if client.id in found:
            problems.add(table.marks["id"], "stands in another file too: a client has one file")
        found[client.id] = client
    problems.check()
    return Clients(found.values())


def understood(text: str, name: str) -> Client:
    """The client that a text of YAML describes; `name` stands for its file. Raises MappingError with every error."""
    problems = Problems()
    table = parse(text, name, problems)
    client = _File(table, problems).client() if table else None
    problems.check()
    if client is None:  # no client without an error
        raise SettingsError("This describes no client", where=name)
    return client


class _File:
    """One client's file, on its way to a Client."""

    def __init__(self, table: Table, problems: Problems) -> None:
        self.table = table
        self.problems = problems

    def client(self) -> Client | None:
        """The client, or None when an error was noted."""
        before = len(self.problems.found)
        for key in self.table.entries.keys() - set(_KNOWN):
            self.problems.unknown(self.table.marks[key], "entry", key, _KNOWN)
        texts = {name: self.text(name, required=name not in _OPTIONAL) for name in _TEXTS}
        lists = {name: self.texts(name) for name in _LISTS}
        organisation, organisation_name = self.organisation()
        self.one_of("sector", texts["sector"], SECTORS)
        self.one_of("role", texts["role"], ROLES)
        for right in lists["rights"]:
            self.one_of("rights", right, RIGHTS)
        for purpose in lists["purposes"]:
            self.one_of("purposes", purpose, _PURPOSES)
        if texts["id"] and not _ID.fullmatch(texts["id"]):
            self.problems.add(self.table.marks["id"], "id: letters, digits, `.`, `_` and `-`, at most 64")
        for address in lists["redirect_uris"]:
            if not _RETURN.fullmatch(address):
                self.problems.add(self.table.marks["redirect_uris"], "redirect_uris are https URLs without a fragment")
        self.one_of("bound", texts["bound"], BINDINGS)
        self.one_of("introspects", texts["introspects"], ("yes", "no"))
        if texts["jku"] and not texts["jku"].startswith("https://"):
            self.problems.add(self.table.marks["jku"], "jku must be an https URL")
        keys = () if texts["jku"] and "jwks" not in self.table.entries else self.keys()
        limits = self.limits()
        given = self.given()
        cases = self.cases()
        if len(self.problems.found) > before:
            return None
        return Client(
            id=texts["id"],
            name=texts["name"],
            organisation=organisation,
            organisation_name=organisation_name,
            sector=texts["sector"],
            role=texts["role"],
            purposes=lists["purposes"],
            scopes=given,
            keys=keys,
            sends=lists["sends"],
            member_of=lists["member_of"],
            jku=texts["jku"],
            version=texts["version"],
            cases=cases,
            rights=lists["rights"],
            bound=texts["bound"],
            limits=limits,
            introspects=texts["introspects"] == "yes",
            redirect_uris=lists["redirect_uris"],
        )

    def text(self, name: str, *, required: bool = True) -> str:
        node = self.table.entries.get(name)
        if isinstance(node, Text) and node.value.strip():
            return node.value.strip()
        if required or node is not None:
            self.problems.add(self.table.marks.get(name, self.table.mark), f"{name} must be a text")
        return ""

    def texts(self, name: str) -> tuple[str, ...]:
        node = self.table.entries.get(name)
        if node is None:
            return ()
        if isinstance(node, Items) and all(isinstance(item, Text) for item in node.items):
            return tuple(item.value for item in node.items if isinstance(item, Text))
        self.problems.add(self.table.marks[name], f"{name} must be a list of texts")
        return ()

    def one_of(self, name: str, value: str, known: Sequence[str]) -> None:
        if value and value not in known:
            self.problems.unknown(self.table.marks[name], name, value, known)

    def organisation(self) -> tuple[Identifier, str]:
        node = self.table.entries.get("organisation")
        parts = _plain(node) if isinstance(node, Table) else None
        if isinstance(parts, dict) and all(isinstance(parts.get(k), str) and parts[k] for k in ("system", "value")):
            return normal(parts["system"], parts["value"]), str(parts.get("name", ""))
        mark = self.table.marks.get("organisation", self.table.mark)
        self.problems.add(mark, "organisation must have system and value")
        return Identifier("", ""), ""

    def given(self) -> tuple[Scope, ...]:
        node = self.table.entries.get("scopes")
        found: list[Scope] = []
        for item in node.items if isinstance(node, Items) else ():
            scope = read_scope(item.value) if isinstance(item, Text) else None
            if scope is None:
                self.problems.add(item.mark, "is not a scope that is given here: system/<type or *>.<letters of cruds>")
            elif unserved(scope, _searched()):
                self.problems.add(item.mark, "has a parameter that this type is not searched by")
            else:
                found.append(scope)
        return tuple(found)

    def cases(self) -> tuple[CaseAccess, ...]:
        node = self.table.entries.get("cases")
        if node is None:
            return ()
        found = [_case_access(_plain(item)) for item in node.items] if isinstance(node, Items) else [None]
        if not found or None in found:
            text = "cases must be a list of {owner, classes, sensitivity}: a CVR number or *, KLE numbers or *, one of "
            self.problems.add(self.table.marks["cases"], text + ", ".join(SENSITIVITY))
        return tuple(one for one in found if one)

    def limits(self) -> Limits | None:
        node = self.table.entries.get("limits")
        if node is None:
            return None
        parts = _plain(node) if isinstance(node, Table) else {}
        if parts.keys() == {"per_second", "burst"} and all(_NUMBER.fullmatch(str(one)) for one in parts.values()):
            return Limits(float(parts["per_second"]), float(parts["burst"]))
        self.problems.add(
            self.table.marks["limits"], "limits must hold per_second and burst, two whole numbers above 0"
        )
        return None

    def keys(self) -> tuple[PublicKey, ...]:
        jwks = self.table.entries.get("jwks")
        listed = jwks.entries.get("keys") if isinstance(jwks, Table) else None
        if not isinstance(listed, Items) or not listed.items:
            mark = self.table.marks.get("jwks", self.table.mark)
            self.problems.add(mark, "jwks must hold `keys`, a list with at least one public key; or give jku alone")
            return ()
        found: list[PublicKey] = []
        for item in listed.items:
            try:
                key = public_key(_plain(item) if isinstance(item, Table) else {})
            except UnfitKey as error:
                self.problems.add(item.mark, f"this key {error}")
                continue
            if candidate([*found, key], key.kid, key.algorithm) is None:
                self.problems.add(item.mark, "two keys of one type have this kid")
            found.append(key)
        return tuple(found)


def _searched() -> Mapping[str, Any]:
    """The search parameters that R4 has, by type; those of every type under each."""
    facts = r4.facts().search
    return {kind: {*names, *facts.get("Resource", {})} for kind, names in facts.items()}


def _case_access(parts: Any) -> CaseAccess | None:
    """One row of `cases`; None when it is no such row."""
    if not isinstance(parts, dict) or parts.keys() != {"owner", "classes", "sensitivity"}:
        return None
    owner, classes, level = parts["owner"], parts["classes"], parts["sensitivity"]
    if not isinstance(classes, list) or not classes or not all(isinstance(one, str) and one for one in classes):
        return None
    if level not in SENSITIVITY or not (owner == ANY or (isinstance(owner, str) and re.fullmatch(r"[0-9]{8}", owner))):
        return None
    return CaseAccess(ANY if owner == ANY else f"{CVR}|{owner}", tuple(classes), SENSITIVITY.index(level))


def _plain(node: Node) -> Any:
    """The node as dicts, lists and texts."""
    if isinstance(node, Table):
        return {key: _plain(value) for key, value in node.entries.items()}
    if isinstance(node, Items):
        return [_plain(item) for item in node.items]
    return node.value


def written(client: Mapping[str, Any]) -> str:
    """A client's file: the entries above, every text quoted, so that YAML cannot read it as anything else."""
    lines = []
    for name in _KNOWN:
        value = client.get(name)
        if value:
            lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
