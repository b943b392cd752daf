#!/usr/bin/env python3
"""Verify an export of the access log with Python's standard library and `cryptography` alone.

    python3 verify_log.py FILE [--key VKEY]... [--witness VKEY]... [--checkpoint FILE]...

It is short, so that you can read it before you trust it. What it does:
1. A record's leaf is SHA-256(salt || content). The content may be gone (retention); the leaf never is.
2. The leaves make a Merkle tree (RFC 6962 2.1): SHA-256(0x00 || leaf), SHA-256(0x01 || left || right).
3. Wherever a signed checkpoint (https://c2sp.org/tlog-checkpoint) stands, the tree must have its root.
4. Each citizen's leaves are a chain in a map whose root is signed too: a list is whole (verify_list.py).
Without --key the key named in the file is used, and nothing vouches for it. A --checkpoint that you kept shows that a
log was rolled back or written anew; a --witness (https://c2sp.org/tlog-cosignature) must have seen it. Exit: 0 right.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NONE = bytes(32)


def sha256(*parts):
    """32 bytes."""
    return hashlib.sha256(b"".join(parts)).digest()


def folded(peaks):
    """The root of a tree from those of its complete subtrees, the largest first."""
    node = peaks[-1] if peaks else sha256(b"")
    for left in reversed(peaks[:-1]):
        node = sha256(b"\x01", left, node)
    return node


def longer(chain, place, leaf):
    """(entries, head) of a citizen's chain with one more entry."""
    return chain[0] + 1, sha256(b"\x02", chain[1], place.to_bytes(8, "big"), leaf)


def hung(key, chain):
    """What stands for a chain in the map."""
    return sha256(b"\x00", key, sha256(chain[0].to_bytes(8, "big"), chain[1])) if chain[0] else NONE


def page(keys, chains, depth=0):
    """A page of the map: sixteen places by the next hex digit, in each nothing, one chain, or a page."""
    told = []
    for group in ([key for key in keys if key.hex()[depth] == digit] for digit in "0123456789abcdef"):
        alone = len(group) == 1 and hung(group[0], chains[group[0]])
        told.append(alone or (page(group, chains, depth + 1) if group else NONE))
    return sha256(b"\x01", *told)


class Key:
    """A verifier key, name+id+base64(type || public key) (https://c2sp.org/signed-note); 1 a log, 4 a witness."""

    def __init__(self, text, kind=1):
        self.text, self.kind = text.strip(), kind
        self.name, id_hex, encoded = self.text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        self.id, self.public = sha256(self.name.encode(), b"\n", raw)[:4], Ed25519PublicKey.from_public_bytes(raw[1:])
        if raw[0] != kind or self.id.hex() != id_hex:
            raise ValueError("this is no such verifier key")

    def check(self, value, text):
        if self.kind == 4:  # a witness signs its own time as well
            value, text = value[8:], b"cosignature/v1\ntime %d\n" % int.from_bytes(value[:8], "big") + text
        self.public.verify(value, text)


class Verifier:
    """Reads a file and collects what is wrong."""

    def __init__(self, keys, witnesses):
        self.keys, self.witnesses, self.seen = [Key(key) for key in keys], [Key(key, 4) for key in witnesses], set()
        self.size, self.peaks, self.chains, self.points, self.wrong = 0, [], {}, [], []
        self.fits, self.proved, self.newest, self.map, self.lost = 0, 0, -1, None, False

    def opened(self, note, whose):
        """(size, root, root of the map, whose) of a checkpoint; None where it is not to be believed."""
        head, _, tail = note.rpartition("\n\n")
        signers, line = [], "^\u2014 (\\S+) ([A-Za-z0-9+/]+(?:[AEIMQUYcgkosw048]=|[AQgw]==)?)$"
        for name, text in re.findall(line, tail, re.MULTILINE):
            value = base64.b64decode(text)
            for key in (*self.keys, *self.witnesses):
                if name == key.name and value[:4] == key.id:
                    try:
                        key.check(value[4:], (head + "\n").encode())
                    except InvalidSignature:
                        return self.wrong.append(f"{whose} was changed after it was signed")
                    signers.append(key)
        origin, size, root, *more = head.split("\n")
        if not any(key in signers and key.name == origin for key in self.keys):
            return self.wrong.append(f"{whose} is not signed by this log's key")
        self.seen |= set(signers)
        lists = [base64.b64decode(line[9:]) for line in more if line.startswith("citizens ")]
        return int(size), base64.b64decode(root), lists[0] if lists else None, whose

    def checkpoint(self, note, whose, own=True):
        if point := self.opened(note, whose):
            self.points = sorted([*self.points, point], key=lambda one: one[0])
            self.newest = max(self.newest, point[0]) if own else self.newest
            self.compare()

    def compare(self):
        """Every checkpoint whose size the tree has now must have its root."""
        while self.points and self.points[0][0] <= self.size:
            size, root, lists, whose = self.points.pop(0)
            if size == self.size and root == folded(self.peaks):
                self.proved, self.fits, self.map = size, self.fits + 1, lists
            elif not self.lost:
                between = f"between records {self.proved} and {max(size - 1, 0)}"
                self.lost = f"{between} something was changed, removed, swapped"
                self.wrong.append(f"{whose} (size {size}) does not fit: {self.lost} or put in")

    def read(self, entry):
        """(leaf, key of the citizen's chain) of one record."""
        leaf, body = bytes.fromhex(re.fullmatch("[0-9a-f]{64}", entry["leaf"])[0]), entry["body"]
        if body is None:
            return leaf, bytes.fromhex(re.fullmatch("[0-9a-f]*", entry.get("list") or "")[0])
        salt = bytes.fromhex(re.fullmatch("[0-9a-f]{32}", entry["salt"])[0])
        citizen = re.search(r'[{,]"citizen":"([A-Za-z0-9.-]{1,64})"', body)
        if sha256(salt, body.encode()) != leaf:
            self.wrong.append(f"record {entry['index']}: its content is not what was signed")
        return leaf, sha256(b"citizen\x00", citizen[1].encode()) if citizen else b""

    def record(self, entry):
        (leaf, key), rest = self.read(entry), self.size
        if entry["index"] != self.size and not self.lost:
            self.wrong.append(f"record {entry['index']} stands in place {self.size}: something is missing or too much")
        if key:
            self.chains[key] = longer(self.chains.get(key, (0, NONE)), self.size, leaf)
        node = sha256(b"\x00", leaf)
        while rest & 1:
            node, rest = sha256(b"\x01", self.peaks.pop(), node), rest >> 1
        self.peaks, self.size = [*self.peaks, node], self.size + 1
        self.compare()

    def export(self):
        """The end of an export: is all of it signed?"""
        if self.newest < 0:
            self.wrong.append("no checkpoint is signed by this key: nothing is proved")
        for size, _, _, whose in self.points:
            self.wrong.append(f"{whose} has {size} records, the export {self.size}: cut off or rolled back")
        if not self.lost and not self.points and self.size > max(self.newest, 0):
            self.wrong.append(f"records {self.newest} to {self.size - 1} are not signed: put in afterwards")
        if self.map and not self.wrong and page(list(self.chains), self.chains) != self.map:
            self.wrong.append("the citizens' lists that were signed are not those of the records")
        return f"{self.size} records, {self.fits} checkpoints fit, {len(self.chains)} citizens' lists"


def check(path, keys, witnesses, kept):
    """(what there is to say, whether anything is wrong)."""
    with Path(path).open("rb") as file:
        head = json.loads(file.readline())
        verifier = Verifier(keys or [head["vkey"]], witnesses)
        if head["vkey"] not in [key.text for key in verifier.keys]:
            verifier.wrong.append("the file names another key: it was signed again")
        if head["format"] != "faellesplan-log/1" or head["origin"] != head["vkey"].partition("+")[0]:
            raise ValueError("another format")
        for note in (*kept, *head["checkpoints"]):
            whose = "the checkpoint that you kept" if note in kept else "the newest checkpoint"
            verifier.checkpoint(note, whose, own=note not in kept)
        for told in map(json.loads, file):
            if "checkpoint" in told:
                verifier.checkpoint(told["checkpoint"], f"the checkpoint after record {verifier.size}")
            else:
                verifier.record(told)
    unseen = [key.name for key in verifier.witnesses if key not in verifier.seen]
    verifier.wrong += [f"{name} has witnessed nothing of it" for name in unseen]
    return [verifier.export(), *verifier.wrong], bool(verifier.wrong)


def main():
    """Exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    for name in ("key", "witness", "checkpoint"):
        parser.add_argument(f"--{name}", action="append", default=[])
    args = parser.parse_args()
    try:
        told, wrong = check(args.file, args.key, args.witness, [Path(p).read_text("utf-8") for p in args.checkpoint])
    except OSError as error:
        parser.error(f"{error.filename} cannot be read: {error.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        told, wrong = [f"the file cannot be read: {type(error).__name__}"], True
    last = "The log is NOT as it was signed." if wrong else "Nothing was changed, removed or put in."
    sys.stdout.write("\n".join([*filter(None, told), last]) + "\n")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
