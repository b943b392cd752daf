"""Who sends: mappings/sources/<id>.yaml, one system per file.

    name: Psykiatrisk Center København       # of the organisation, as readers of its care teams see it
    sector: region                    # region | municipality
    organisation: {sor: 265161000016000}     # or cvr, gln, or any system as a URI
    language: hl7v2                   # one of the table below
    senders: ["SP|REGH"]              # how its messages name it, see below
    keeps: entitled                   # only content of citizens with a municipal case (§ 12 c) | all (default)
    charset: UNICODE UTF-8            # when the message tells none
    timezone: Europe/Copenhagen       # of times without a zone (default); MSH-7 may tell another one for its message
    processing: [P]                   # hl7v2: which processing ids (MSH-11) are taken: P (default), T and D
    municipality: "0101"              # municipal sources: four digits
    authorities:                      # assigning authority as the source writes it: identifier system
      CPR: urn:oid:1.2.208.176.1.2
    rules: psykiatri                  # overlay folder mappings/<language>/psykiatri
    certificate: ["CN=epj.example"]   # its client certificates at the MLLP door: whole subject, or one name of it
    deliver: {url: mllps://epj.example:2576}     # where messages to it go (connections.py)
    fetch: {url: …, token: …, client: …, secret: NEXUS_SECRET}    # how it is asked (fetching.py)
    extends: regionh                  # a file of this folder; a file without senders is only there to be extended
    why: …

`senders`, in the normal form of each language:

| language | key |
|---|---|
| hl7v2 | first component of MSH-3, `|`, first component of MSH-4: `SP|REGH` |
| medcom | SOR number of the sending organisation |
| kl | orders: a number, the source endpoint or the name of the sending organisation, the first that is known; reports:
  `Bundle.meta.source`, or a number of the citizen's organisation (UUID of FK Organisation, SOR, CVR) |
| oio | CVR number of the case's owner |
| ydelse | CVR number of the authority that grants or pays |
| sf2900, fasit | CVR number of the municipality: of its receipts (sf2900), of what it is sent |
| nexus, momentum | the name of the installation, one word of the municipality's own |
| oioxml, edifact | the sender's municipality number (`0101`) or SOR number, else EAN, else department number |

`"*"` stands for every sender of the language that no other source names. It is for demonstrations, tests and files on a
command line (`with_guests`): with it, a stranger's numbers are read as this source's own, whatever its processing id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from gateway.domain.identifier import CVR, GLN, SOR, Identifier, bare, normal
from gateway.domain.source import Source
from gateway.errors import UnknownSource
from gateway.translate.rules import connections, fetching
from gateway.translate.rules.loader import Items, Node, Table, Text, read
from gateway.translate.rules.overlay import Folder
from gateway.translate.rules.problems import Mark, Problems

ANYBODY = "*"
_KEYS = (
    *("name", "sector", "organisation", "language", "senders", "keeps", "charset", "timezone", "processing"),
    *("municipality", "authorities", "rules", "certificate", "deliver", "fetch", "extends", "why"),
)
_CHOICES = {
    "sector": ("region", "municipality"),
    "language": ("hl7v2", "medcom", "kl", "oio", "oioxml", "edifact", "sf2900", "fasit", "ydelse", *fetching.VENDORS),
    "keeps": ("entitled", "all"),
}
_GUESSED = "UNICODE UTF-8"  # of a stranger's message that declares none: what is not UTF-8 seldom looks like it
_PROCESSING = ("P", "T", "D")  # HL7 table 0103
_SYSTEMS = {"sor": SOR, "cvr": CVR, "gln": GLN}
_SECTORS = {
    "hl7v2": "region", "medcom": "region", "kl": "municipality", "oio": "municipality",
    "oioxml": "region", "edifact": "region",
    "ydelse": "municipality", **dict.fromkeys(fetching.VENDORS, "municipality"),
}  # fmt: skip


class Sources:
    """All registered sources."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._all = tuple(sources)
        self._by_sender = {(s.language, bare(sender)): s for s in self._all for sender in s.senders}
        self._by_id = {s.id: s for s in self._all}

    @classmethod
    def read(cls, mappings: Path) -> Sources:
        """The sources under mappings/. Raises MappingError with everything that is wrong."""
        problems = Problems()
        found = cls.gather(mappings, problems)
        problems.check()
        return found

    @classmethod
    def gather(cls, mappings: Path, problems: Problems) -> Sources:
        """As `read`, but errors are noted; a source with errors is left out."""
        folder = mappings / "sources"
        files: dict[str, Table] = {}
        for path in sorted(folder.glob("*.yaml")):
            if table := read(path, f"{mappings.name}/sources/{path.name}", problems):
                files[path.stem] = table
        found = _checked(files, problems)
        for source in found:
            if source.rules and not (mappings / source.language / source.rules).is_dir():
                mark = Mark(f"{mappings.name}/sources/{source.id}.yaml", 0)
                problems.add(mark, f"rules: there is no folder mappings/{source.language}/{source.rules}")
            for name in source.fetch.letters if source.fetch else ():
                if name not in {one.id for one in found}:
                    problems.unknown(
                        Mark(f"{mappings.name}/sources/{source.id}.yaml", 0), "source in letters:", name, files
                    )
        return cls(found)

    def find(self, language: str, *senders: str) -> Source:
        """The source behind the first of a sender's keys that is registered. Raises UnknownSource.

        A source that stands for everybody says in its `senders` who it was this time.
        """
        for sender in senders:
            found = self._by_sender.get((language, sender)) or self._by_sender.get((language, bare(sender)))
            if found:
                return found
        anybody = self._by_sender.get((language, ANYBODY))
        if anybody is None:
            raise UnknownSource(hint="Register it in mappings/sources.")
        return replace(anybody, senders=tuple(filter(None, senders)), processing=())

    def of(self, identity: str) -> Source:
        """The source of an id. Raises UnknownSource."""
        if identity not in self._by_id:
            raise UnknownSource(hint="Register it in mappings/sources.")
        return self._by_id[identity]

    def with_guests(self, like: str = "") -> Sources:
        """These, and for every language one that stands for all senders nobody registered: in the language of the
        source `like` that one, where it is named, or else by the rules of the source `plain-<language>` if there is
        one. Raises UnknownSource for a name that no source has."""
        model = self.of(like) if like else None
        found = list(self._all)
        for language, sector in _SECTORS.items():
            if (language, ANYBODY) in self._by_sender:
                continue
            if model is not None and model.language == language:
                found.append(replace(model, senders=(ANYBODY,)))
                continue
            name = f"unregistered-{language}"
            number = Identifier(f"urn:faellesplan:source:{name}:organisation", name)
            plain = self._by_id.get(f"plain-{language}")
            own = plain.rules if plain else ""
            charset = _GUESSED if language == "hl7v2" else ""
            title = "Afsender, der ikke er registreret"
            found.append(Source(name, title, sector, number, language, (ANYBODY,), charset=charset, rules=own))
        return Sources(found)

    def __iter__(self) -> Iterator[Source]:
        return iter(self._all)


def _checked(files: Mapping[str, Table], problems: Problems) -> list[Source]:
    """The sources in the files; a sender may belong to one only."""
    folder = Folder(files)
    extended = {_text(table, "extends", problems).removeprefix("./") for table in files.values()}
    found: list[Source] = []
    owners: dict[tuple[str, str], Mark] = {}
    for name, written in files.items():
        table = folder.merged(name, problems)
        if table is None:
            continue
        if "senders" not in table.entries and name in extended:
            _unknown_keys(table, problems)
            continue
        source = _source(name, table, problems)
        if source is None:
            continue
        found.append(source)
        for sender in source.senders:
            first = owners.setdefault((source.language, sender), written.mark)
            if first is not written.mark:
                problems.add(table.marks["senders"], f"sender {sender} belongs to {first.file} already")
    return found


def _source(name: str, table: Table, problems: Problems) -> Source | None:
    before = len(problems.found)
    _unknown_keys(table, problems)
    for key in ("name", "sector", "organisation", "language", "senders"):
        if key not in table.entries:
            problems.add(table.mark, f"{key} is missing")
    for key, choices in _CHOICES.items():
        text = _text(table, key, problems)
        if text and text not in choices:
            problems.unknown(table.marks[key], key, text, choices)
    municipality = _text(table, "municipality", problems)
    if municipality and not re.fullmatch(r"\d{4}", municipality):
        problems.add(table.marks["municipality"], f"{municipality} is no municipality code: four digits (0101)")
    if _text(table, "sector", problems) == "municipality" and not municipality:
        problems.add(table.marks["sector"], "municipality is missing: four digits")
    organisation = _organisation(table, problems)
    senders = _texts(table, "senders", problems)
    certificates = _texts(table, "certificate", problems)
    deliver = connections.read(table, problems)
    fetch = fetching.read(table, problems)
    zone = _zone(table, problems)
    processing = _texts(table, "processing", problems) or _PROCESSING[:1]
    for one in processing:
        if one not in _PROCESSING:
            problems.unknown(table.marks["processing"], "processing id", one, _PROCESSING)
    authorities = _authorities(table, problems)
    if organisation is None or len(problems.found) > before:
        return None
    return Source(
        id=name,
        name=_text(table, "name", problems),
        sector=_text(table, "sector", problems),
        organisation=organisation,
        language=_text(table, "language", problems),
        senders=senders,
        keeps=_text(table, "keeps", problems) or "all",
        charset=_text(table, "charset", problems),
        timezone=zone,
        processing=processing,
        municipality=municipality,
        authorities=MappingProxyType(authorities),
        rules=_text(table, "rules", problems),
        certificates=certificates,
        deliver=deliver,
        fetch=fetch,
    )


def _organisation(table: Table, problems: Problems) -> Identifier | None:
    node = table.entries.get("organisation")
    if node is None:
        return None
    if isinstance(node, Table) and len(node.entries) == 1:
        system, value = next(iter(node.entries.items()))
        mark = node.marks[system]
        if system not in _SYSTEMS and ":" not in system:
            problems.unknown(mark, "identifier system", system, _SYSTEMS)
        elif not isinstance(value, Text) or not value.value.strip():
            problems.add(mark, "the organisation's number is missing")
        else:
            return normal(_SYSTEMS.get(system, system), value.value)
        return None
    problems.add(table.marks["organisation"], "organisation must be one number: {sor: …}, {cvr: …} or {gln: …}")
    return None


def _texts(table: Table, key: str, problems: Problems) -> tuple[str, ...]:
    node = table.entries.get(key)
    if node is None:
        return ()
    items: tuple[Node, ...] = node.items if isinstance(node, Items) else (node,)
    found = tuple(item.value.strip() for item in items if isinstance(item, Text) and item.value.strip())
    if len(found) != len(items) or not found:
        problems.add(table.marks[key], f"{key} must be a list of texts")
    return found


def _zone(table: Table, problems: Problems) -> str:
    name = _text(table, "timezone", problems) or "Europe/Copenhagen"
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        problems.add(table.marks["timezone"], f"{name} is no time zone")
    return name


def _authorities(table: Table, problems: Problems) -> dict[str, str]:
    node = table.entries.get("authorities")
    if node is None:
        return {}
    if not isinstance(node, Table):
        problems.add(table.marks["authorities"], "authorities must be a mapping from authorities to identifier systems")
        return {}
    found: dict[str, str] = {}
    for authority, value in node.entries.items():
        if isinstance(value, Text) and re.fullmatch(r"(urn|https?):\S+", value.value):
            found[authority] = value.value
        else:
            problems.add(node.marks[authority], f"{authority}: an identifier system is a URI (urn:oid:…, http://…)")
    return found


def _unknown_keys(table: Table, problems: Problems) -> None:
    for key in table.entries:
        if key not in _KEYS:
            problems.unknown(table.marks[key], "key", key, _KEYS)


def _text(table: Table, key: str, problems: Problems) -> str:
    node = table.entries.get(key)
    if node is None:
        return ""
    if isinstance(node, Text) and node.value.strip():
        return node.value.strip()
    problem = f"{key} must be a text"
    if not any(p.text == problem and p.mark == table.marks[key] for p in problems.found):
        problems.add(table.marks[key], problem)
    return ""
