"""Each citizen's own list in the log, committed beside the tree so that it can be shown complete.

* A list is a chain: its head is SHA-256(0x02 || head before || place in the tree (8 bytes) || leaf), from 32 zeros on.
* All heads stand in a map, a trie of sixteen branches by the hex digits of the key: SHA-256(0x01 || sixteen children)
  is a page, SHA-256(0x00 || key || SHA-256(entries (8 bytes) || head)) a list alone in its place, 32 zero bytes none.
* The root page's hash stands in every checkpoint, on the extension line `citizens <base64>`.

So one signed line says of every citizen how many looks there are and which, also that there are none (docs/log.md).
A key is a hash of the Patient id, itself a keyed pseudonym: a path shows nothing of other citizens.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import groupby

NOTHING = bytes(32)
EMPTY_PAGE = NOTHING * 16
PAGE_BYTES = len(EMPTY_PAGE)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # http://hl7.org/fhir/R4/datatypes.html#id
_LINE = "citizens "


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one list: how many entries it has, and their chain."""

    entries: int = 0
    digest: bytes = NOTHING

    def after(self, index: int, leaf: bytes) -> Head:
        """The list with one more entry, the leaf at this place of the tree."""
        return Head(self.entries + 1, sha256(b"\x02" + self.digest + index.to_bytes(8, "big") + leaf).digest())

    def sealed(self) -> bytes:
        """What the map shows of it to whoever asks for a neighbour."""
        return sha256(self.entries.to_bytes(8, "big") + self.digest).digest()


@lru_cache(maxsize=4096)  # one citizen is looked at again and again
def list_key(citizen: str) -> bytes | None:
    """Where a citizen's list stands, 32 bytes; None for what is no id of a resource."""
    return sha256(b"citizen\0" + citizen.encode()).digest() if _ID.fullmatch(citizen) else None


def slot_hash(key: bytes, sealed: bytes) -> bytes:
    """A list alone in its place."""
    return sha256(b"\x00" + key + sealed).digest()


def page_hash(children: bytes) -> bytes:
    """A page of sixteen places."""
    return sha256(b"\x01" + children).digest()


def child(children: bytes, digit: str) -> bytes:
    """What stands in one place of a page."""
    at = int(digit, 16) * 32
    return children[at : at + 32]


# --- in checkpoints ------------------------------------------------------------------------------------------------


def extension(root: bytes) -> str:
    """The line of a checkpoint that commits to all lists."""
    return _LINE + b64encode(root).decode()


def committed(extensions: Sequence[str]) -> bytes | None:
    """The root of all lists that a checkpoint's extension lines commit to; None where there is none."""
    for line in extensions:
        if line.startswith(_LINE):
            try:
                root = b64decode(line.removeprefix(_LINE), validate=True)
            except (Base64Error, ValueError):
                return None
            return root if len(root) == 32 else None
    return None


# --- the map --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Pages:
    """The pages of the map that a change needs: those on the paths of `heads`, by their hex digits; "" is the root.

    `alone`: of every place on those paths that holds one list and no page, that list. `written` are the pages changed.
    """

    pages: dict[str, bytes]
    alone: Mapping[str, tuple[bytes, Head]]
    written: set[str]

    def root(self, heads: Mapping[bytes, Head]) -> bytes:
        """Put these heads in; the root that comes out."""
        items = sorted((key.hex(), key, head) for key, head in heads.items())
        return self._into("", items)

    def _into(self, path: str, items: Sequence[tuple[str, bytes, Head]]) -> bytes:
        page, depth = bytearray(self.pages.get(path, EMPTY_PAGE)), len(path)
        for digit, group in groupby(items, lambda item: item[0][depth]):
            at = int(digit, 16) * 32
            page[at : at + 32] = self._place(path + digit, list(group))
        self.pages[path] = bytes(page)
        self.written.add(path)
        return page_hash(self.pages[path])

    def _place(self, path: str, items: list[tuple[str, bytes, Head]]) -> bytes:
        there = self.alone.get(path)
        if path not in self.pages and there and all(key != there[0] for _, key, _ in items):
            items = sorted([*items, (there[0].hex(), *there)])
        if path in self.pages or len(items) > 1:
            return self._into(path, items)
        _, key, head = items[0]
        return slot_hash(key, head.sealed())


def map_root(heads: Mapping[bytes, Head]) -> bytes:
    """The root of the map of all lists, from nothing."""
    return Pages({}, {}, set()).root(heads)


# --- proofs ---------------------------------------------------------------------------------------------------------


def shown(
    root: bytes, key: bytes, head: Head, path: Sequence[bytes], beside: tuple[bytes, bytes] | None = None
) -> bool:
    """Whether `path`, the pages from the root on, shows that under this root the list of `key` is `head`.

    A list without entries is shown by an empty place, or by another list that stands alone in it (`beside`: its key
    and what it shows of itself).
    """
    digits, wanted = key.hex(), root
    if not path or len(path) > len(digits):
        return False
    for page, digit in zip(path, digits, strict=False):
        if len(page) != PAGE_BYTES or page_hash(page) != wanted:
            return False
        wanted = child(page, digit)
    if head.entries:
        return wanted == slot_hash(key, head.sealed())
    if beside is None:
        return wanted == NOTHING
    other, sealed = beside
    same = other.hex()[: len(path)] == digits[: len(path)]
    return other != key and same and wanted == slot_hash(other, sealed)
