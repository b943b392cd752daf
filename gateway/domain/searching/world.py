"""What one caller may see of one citizen, for search to walk about in. What is hidden is not there at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

Body = dict[str, Any]
_NONE: Mapping[Any, frozenset[str]] = MappingProxyType({})


class Entry:
    """One visible resource: its bytes as this caller reads them, read only when a question needs it."""

    __slots__ = ("_body", "_decode", "id", "kind", "raw", "version")

    def __init__(self, kind: str, identity: str, raw: bytes, decode: Callable[[bytes], Any], version: int = 0) -> None:
        self.kind = kind
        self.id = identity
        self.raw = raw
        self.version = version
        self._decode = decode
        self._body: Body | None = None

    @property
    def body(self) -> Body:
        """The resource as JSON values; nobody changes it."""
        if self._body is None:
            self._body = self._decode(self.raw)
        return self._body

    @property
    def name(self) -> str:
        """`Type/id`."""
        return f"{self.kind}/{self.id}"


class World:
    """All that a caller may see of one citizen. `load` opens the resources of one type; `kinds` are the types there
    are; `hops` those that the caller's token may both read and search, so that a question may pass through them.
    `answers` are what the directory said to the questions that lead there (beyond.py)."""

    def __init__(
        self, citizen: str, kinds: Collection[str], load: Callable[[str], Sequence[Entry]], hops: Callable[[str], bool],
        answers: Mapping[Any, frozenset[str]] = _NONE,
    ) -> None:  # fmt: skip
        self.citizen = citizen
        self.kinds = tuple(sorted(kinds))
        self._load = load
        self._hops = hops
        self._answers = answers
        self._entries: dict[str, dict[str, Entry]] = {}
        self._remembered: dict[object, Any] = {}

    def of(self, kind: str) -> Iterable[Entry]:
        """Everything visible of one type."""
        return self._of(kind).values()

    def get(self, kind: str, identity: str) -> Entry | None:
        """One resource, None when this caller may not see it or there is none."""
        return self._of(kind).get(identity) if kind in self.kinds else None

    def may_pass(self, kind: str) -> bool:
        """Whether a chain may go through this type: its content decides what matches, so it must be the caller's."""
        return self._hops(kind)

    def told(self, questions: Iterable[Any]) -> frozenset[str]:
        """The names that the directory answered these questions with. Each must have been asked (KeyError): nothing is
        left out in silence."""
        return frozenset().union(*(self._answers[one] for one in questions))

    def once(self, key: object, make: Callable[[], Any]) -> Any:
        """What is worked out once in this world: which resources a reverse chain leads to."""
        if key not in self._remembered:
            self._remembered[key] = make()
        return self._remembered[key]

    def _of(self, kind: str) -> dict[str, Entry]:
        if kind not in self._entries:
            self._entries[kind] = {one.id: one for one in self._load(kind)} if kind in self.kinds else {}
        return self._entries[kind]


def literal(reference: Any, own: str = "") -> tuple[str, str]:
    """(type, id) of a literal reference to a resource of this gateway, versions ignored; ("", "") for any other.
    `own` is the gateway's FHIR address with a slash at its end."""
    text = reference.get("reference", "") if isinstance(reference, dict) else reference
    if not isinstance(text, str):
        return "", ""
    text = (text.removeprefix(own) if own else text).partition("/_history/")[0]
    kind, _, identity = text.partition("/")
    return (kind, identity) if kind[:1].isupper() and identity and "/" not in identity else ("", "")
