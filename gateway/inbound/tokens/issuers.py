"""The registered issuers: one YAML file each, read once at start. All errors at once, with `file:line`.

issuer: https://keycloak.example.dk/realms/kk      # `iss` of its tokens, or the entity id of a SAML issuer
format: jwt                                        # jwt | saml2 | opaque (its tokens say nothing: it is asked)
audience: https://gateway.example.dk/fhir          # optional: whom its tokens are for; left out, our own name
algorithms: [RS256]                                # jwt: the only ones taken
types: [JWT, at+jwt]                               # jwt: optional, `typ` of its tokens
jwks_url: https://keycloak.example.dk/…/certs      # jwt: its keys by URL, or by value:
jwks: {keys: […]}
certificates: ["-----BEGIN CERTIFICATE-----\\n…"]   # saml2: what it signs with; several while one is replaced
introspect: {url: https://…, client: gateway, secret: NAME}    # opaque: where it is asked, and as whom (RFC 7662);
                                                   # the secret is an environment variable, or a file (/…)
level: substantial                                 # optional: the least NSIS level (low, substantial, high)
seconds: 300                                       # jwt: optional, the longest life of its tokens
claims: {organisation: cvr, user: sub, user_name: name, level: loa, roles: realm_access.roles, classes: kle}
accept:                                            # whom it may speak for: whoever matches no row is not let in
  - {organisation: "http://cvr.dk|64942212", role: sagsbehandler, client: kk-social, purposes: [COC], classes: "27"}

A row says: a person of this organisation with this role comes in as this registered client, for these purposes. So
nothing an issuer says ever gives more than a registration of ours. `classes` in a row: only with a KLE constraint that
begins so, or none. KLE constraints of the person narrow the client's `cases` in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from gateway.domain.limits import ANY, UNREGISTERED, CaseAccess, narrower
from gateway.inbound.acting import Acting
from gateway.inbound.clients import Client, Clients
from gateway.inbound.keys import PublicKey, UnfitKey, for_signatures, imported
from gateway.translate.rules.loader import Items, Node, Table, Text, read
from gateway.translate.rules.problems import Mark, Problems
from gateway.translate.saml.privileges import LEVELS, Said

FORMATS = ("jwt", "saml2", "opaque")
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LONGEST_SECONDS = 3600
_KNOWN = (
    "issuer format audience algorithms types jwks_url jwks certificates introspect level seconds claims accept".split()
)
_CLAIMS = ("organisation", "user", "user_name", "level", "roles", "classes")
_ROW = {"organisation", "role", "client", "purposes"}
_BY_CURVE = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


class NotAccepted(ValueError):
    """The issuer may not speak for this person here. The text says why, in ASCII and without values."""


@dataclass(frozen=True, slots=True)
class Row:
    """Whom an issuer may speak for, and as what they come in."""

    organisation: str
    role: str
    client: str
    purposes: tuple[str, ...]
    classes: str = ""


@dataclass(frozen=True, slots=True)
class Issuer:
    """One registered issuer."""

    id: str
    format: str
    rows: tuple[Row, ...]
    audience: str = ""
    algorithms: tuple[str, ...] = ()
    types: tuple[str, ...] = ("at+jwt",)
    jwks_url: str = ""
    keys: tuple[PublicKey, ...] = field(default=(), repr=False)
    certificates: tuple[str, ...] = field(default=(), repr=False)
    introspect: Mapping[str, str] = field(default_factory=dict)
    level: str = ""
    seconds: int = 300
    claims: Mapping[str, str] = field(default_factory=dict)


class Issuers:
    """All registered issuers, by name."""

    def __init__(self, issuers: Iterable[Issuer] = ()) -> None:
        self._issuers = {issuer.id: issuer for issuer in issuers}

    def get(self, name: str, form: str) -> Issuer | None:
        """The issuer of this name and format, or None."""
        found = self._issuers.get(name)
        return found if found and found.format == form else None

    @property
    def opaque(self) -> Issuer | None:
        """The one whose tokens say nothing."""
        return next((one for one in self._issuers.values() if one.format == "opaque"), None)

    def __iter__(self) -> Iterator[Issuer]:
        return iter(self._issuers.values())

    def __len__(self) -> int:
        return len(self._issuers)


def accepted(issuer: Issuer, said: Said, client: Client | None, clients: Clients) -> tuple[Client, Acting]:
    """As which client, and who, a person comes in by the word of an issuer. `client` is whoever has authenticated
    itself, None where the token comes alone. Raises NotAccepted."""
    if issuer.level and (said.level not in LEVELS or LEVELS.index(said.level) < LEVELS.index(issuer.level)):
        raise NotAccepted("the level of assurance is lower than what is asked of this issuer")
    if not said.user or not said.user.isprintable() or len(said.user) > 255 or "|" in said.user:
        raise NotAccepted("nobody is named")
    for row in issuer.rows:
        rights = [one for one in said.rights if one.role == row.role]
        registered = clients.get(row.client)
        fits = row.organisation == said.organisation and rights and registered is not None
        if not fits or registered is None or (client is not None and client.id != row.client):
            continue
        classes = () if any(not one.classes for one in rights) else tuple(c for one in rights for c in one.classes)
        kept = tuple(c for c in classes if c == ANY or c.startswith(row.classes) or row.classes.startswith(c))
        purposes = tuple(one for one in row.purposes if one in registered.purposes)
        if (classes and not kept) or not purposes:
            continue
        return registered, Acting(
            user=f"{issuer.id}|{said.user}",
            user_name=said.user_name[:255] if said.user_name.isprintable() else "",
            user_role=row.role[:255],
            purposes=purposes,
            cases=_narrowed(registered.cases, kept, row.classes) if kept or row.classes else None,
        )
    raise NotAccepted("no row of the issuer's file lets this person in with this client")


def _narrowed(cases: tuple[CaseAccess, ...], classes: tuple[str, ...], row: str) -> tuple[CaseAccess, ...]:
    """The client's cases, of these KLE classes only. Raises NotAccepted when nothing is left: no rows would be no
    limit."""
    wanted = [narrower(one, row or ANY) for one in classes] if classes else [row]
    found = []
    for one in cases or (UNREGISTERED,):
        both = [kept for have in one.classes for want in wanted if want and (kept := narrower(want, have))]
        if both:
            found.append(CaseAccess(one.owner, tuple(dict.fromkeys(both)), one.level))
    if not found:
        raise NotAccepted("the person has no class of cases that the client has")
    return tuple(found)


def issuer_key(jwk: Mapping[str, Any]) -> PublicKey:
    """An issuer's key from its JWK; `algorithm` is the one it names, or "" where it leaves it open. Raises UnfitKey."""
    key = imported(jwk)
    kid, told = jwk.get("kid"), jwk.get("alg", "")
    if not isinstance(kid, str) or not kid:
        raise UnfitKey("has no kid")
    if not for_signatures(jwk) or told not in ("", *ALGORITHMS):
        raise UnfitKey("is not meant for signatures that are taken here")
    own = _BY_CURVE.get(key.curve_name) if isinstance(key, ECKey) else ""
    if own is None:
        raise UnfitKey("is an EC key on a curve that is not taken here")
    return PublicKey(kid, told or own, key)


def load(folder: Path) -> Issuers:
    """The issuers of a folder's `*.yaml`; none when it is absent. Raises MappingError with every error found."""
    problems = Problems()
    found: dict[str, Issuer] = {}
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        table = read(path, f"{folder.name}/{path.name}", problems)
        issuer = _File(table, problems).issuer() if table else None
        if issuer is None or table is None:
            continue
        if issuer.id in found:
            problems.add(table.marks["issuer"], "stands in another file too: an issuer has one file")
        found[issuer.id] = issuer
    opaque = sorted(one.id for one in found.values() if one.format == "opaque")
    if len(opaque) > 1:
        problems.add(Mark(folder.name, 0), "only one issuer may be opaque: its tokens do not say whose they are")
    problems.check()
    return Issuers(found.values())


class _File:
    """One issuer's file, on its way to an Issuer."""

    def __init__(self, table: Table, problems: Problems) -> None:
        self.table = table
        self.problems = problems

    def issuer(self) -> Issuer | None:
        before = len(self.problems.found)
        for key in self.table.entries.keys() - set(_KNOWN):
            self.problems.unknown(self.table.marks[key], "entry", key, _KNOWN)
        plain = {key: _plain(node) for key, node in self.table.entries.items()}
        form, level = self.word("format", FORMATS, plain), self.word("level", ("", *LEVELS), plain)
        name = plain.get("issuer")
        if not isinstance(name, str) or not name:
            self.wrong("issuer", "issuer must be a text")
        made = Issuer(
            id=str(name),
            format=form,
            rows=self.rows(plain.get("accept")),
            audience=str(plain.get("audience", "")),
            algorithms=self.words("algorithms", ALGORITHMS, plain) if form == "jwt" else (),
            types=tuple(plain.get("types", ("at+jwt",))),
            jwks_url=str(plain.get("jwks_url", "")),
            keys=self.keys(plain.get("jwks")),
            certificates=tuple(plain.get("certificates", ())),
            introspect=plain.get("introspect", {}) if form == "opaque" else {},
            level=level,
            seconds=self.seconds(plain),
            claims=self.claims(plain.get("claims", {})) if form in ("jwt", "opaque") else {},
        )
        self.check_keys(made)
        self.check_introspection(made)
        return made if len(self.problems.found) == before else None

    def check_keys(self, made: Issuer) -> None:
        if made.format == "jwt" and bool(made.keys) == bool(made.jwks_url):
            self.wrong("jwks_url", "give jwks_url or jwks, one of them")
        if made.jwks_url and not made.jwks_url.startswith("https://"):
            self.wrong("jwks_url", "jwks_url must be an https URL")
        if made.format == "saml2" and not (
            made.certificates and all("-----BEGIN CERTIFICATE-----" in str(one) for one in made.certificates)
        ):
            self.wrong("certificates", "certificates must be a list of PEM texts")

    def check_introspection(self, made: Issuer) -> None:
        told = made.introspect
        sound = isinstance(told, dict) and told.keys() == {"url", "client", "secret"} and all(told.values())
        if made.format == "opaque" and not (sound and str(told["url"]).startswith("https://")):
            self.wrong("introspect", "introspect must hold url (https), client and secret")

    def rows(self, told: Any) -> tuple[Row, ...]:
        found = []
        for one in told if isinstance(told, list) else ():
            sound = isinstance(one, dict) and _ROW <= one.keys() <= {*_ROW, "classes"}
            if not sound or not isinstance(one["purposes"], list) or not all(one.values()):
                self.wrong("accept", "a row of accept holds organisation, role, client, purposes and maybe classes")
                continue
            found.append(
                Row(one["organisation"], one["role"], one["client"], tuple(one["purposes"]), one.get("classes", ""))
            )
        if not found:
            self.wrong("accept", "accept must hold at least one row: nobody else is let in")
        return tuple(found)

    def claims(self, told: Any) -> dict[str, str]:
        if (
            not isinstance(told, dict)
            or told.keys() - set(_CLAIMS)
            or not {"organisation", "user", "roles"} <= told.keys()
        ):
            self.wrong(
                "claims", "claims must say where organisation, user and roles stand, and may say " + ", ".join(_CLAIMS)
            )
            return {}
        return {key: str(value) for key, value in told.items()}

    def keys(self, told: Any) -> tuple[PublicKey, ...]:
        found = []
        for one in told.get("keys", ()) if isinstance(told, dict) else ():
            try:
                found.append(issuer_key(one if isinstance(one, dict) else {}))
            except UnfitKey as error:
                self.wrong("jwks", f"a key {error}")
        return tuple(found)

    def seconds(self, plain: Mapping[str, Any]) -> int:
        told = str(plain.get("seconds", "300"))
        if told.isdecimal() and len(told) < 6 and 0 < int(told) <= LONGEST_SECONDS:
            return int(told)
        self.wrong("seconds", f"seconds must be a number from 1 to {LONGEST_SECONDS}")
        return 0

    def word(self, name: str, known: tuple[str, ...], plain: Mapping[str, Any]) -> str:
        value = str(plain.get(name, ""))
        if value not in known:
            self.problems.unknown(self.table.marks.get(name, self.table.mark), name, value, known)
        return value

    def words(self, name: str, known: tuple[str, ...], plain: Mapping[str, Any]) -> tuple[str, ...]:
        value = plain.get(name)
        if not isinstance(value, list) or not value or not set(map(str, value)) <= set(known):
            self.wrong(name, f"{name} must be a list of {', '.join(known)}")
            return ()
        return tuple(value)

    def wrong(self, name: str, text: str) -> None:
        self.problems.add(self.table.marks.get(name, self.table.mark), text)


def _plain(node: Node) -> Any:
    """The node as dicts, lists and texts."""
    if isinstance(node, Table):
        return {key: _plain(value) for key, value in node.entries.items()}
    if isinstance(node, Items):
        return [_plain(item) for item in node.items]
    return node.value if isinstance(node, Text) else ""
