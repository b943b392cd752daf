#!/usr/bin/env python3
"""Verify an export of the access log with Python's standard library and `cryptography` alone.

    python3 verify_log.py EXPORT [--key VKEY]... [--checkpoint FILE]...

Read it before you trust it: it is short for that reason. What it does, for each line of the export in turn:
1. A record's leaf is SHA-256(salt || content). The content may be gone (retention); the leaf never is.
2. The leaves make a Merkle tree (RFC 6962 2.1): SHA-256(0x00 || leaf), SHA-256(0x01 || left || right).
3. Wherever a signed checkpoint (https://c2sp.org/tlog-checkpoint) stands, the tree must have its root.
Without --key the key named in the export is used, and nothing vouches for it. With --checkpoint, a checkpoint that
you kept from before, a log that was rolled back or written anew is noticed too. Exit status: 0 right, 1 wrong.
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


def sha256(raw):
    """32 bytes."""
    return hashlib.sha256(raw).digest()


class Tree:
    """A Merkle tree while it grows: the roots of its complete subtrees, the largest first."""

    def __init__(self):
        self.size, self.peaks = 0, []

    def add(self, leaf):
        node, rest = sha256(b"\x00" + leaf), self.size
        while rest & 1:
            node, rest = sha256(b"\x01" + self.peaks.pop() + node), rest >> 1
        self.peaks.append(node)
        self.size += 1

    def root(self):
        if not self.peaks:
            return sha256(b"")
        node = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            node = sha256(b"\x01" + left + node)
        return node


class Key:
    """A verifier key, name+id+base64(0x01 || Ed25519 public key) (https://c2sp.org/signed-note)."""

    def __init__(self, text):
        self.text = text.strip()
        self.name, id_hex, encoded = self.text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        self.id, self.public = sha256(self.name.encode() + b"\n" + raw)[:4], Ed25519PublicKey.from_public_bytes(raw[1:])
        if raw[0] != 1 or self.id.hex() != id_hex:
            raise ValueError("this is no Ed25519 verifier key")


def opened(note, keys):
    """(size, root, time) of a checkpoint, or a text that says why it is not to be believed."""
    head, gap, tail = note.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        return "cannot be read"
    signed = False
    for line in tail[:-1].split("\n"):
        found = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        if not found:
            return "cannot be read"
        raw = base64.b64decode(found[2])
        for key in keys:
            if (key.name, key.id) == (found[1], raw[:4]):
                try:
                    key.public.verify(raw[4:], (head + "\n").encode())
                except InvalidSignature:
                    return "was changed after it was signed"
                signed = True
    if not signed:
        return "is not signed by this key"
    origin, size, root, *more = head.split("\n")
    if origin not in {key.name for key in keys}:
        return "is of another log"
    return int(size), base64.b64decode(root), more[0] if more else ""


class Checker:
    """Reads the lines and collects what is wrong."""

    def __init__(self, keys, kept):
        self.keys, self.tree, self.wrong = keys, Tree(), []
        self.proved, self.fits, self.lost, self.newest = 0, 0, False, -1
        self.points = []  # (size, root, whose), smallest first
        self.numbers = set()
        for note in kept:
            self.checkpoint(note, "the checkpoint that you kept", own=False)

    def checkpoint(self, note, whose, own=True):
        point = opened(note, self.keys)
        if isinstance(point, str):
            self.wrong.append(f"{whose} {point}")
            return
        self.points = sorted([*self.points, (point[0], point[1], whose)])
        if own:
            self.newest = max(self.newest, point[0])
        self.compare()

    def compare(self):
        """Every checkpoint whose size the tree has now must have its root."""
        while self.points and self.points[0][0] <= self.tree.size:
            size, root, whose = self.points.pop(0)
            if size == self.tree.size and root == self.tree.root():
                self.proved, self.fits = size, self.fits + 1
            elif not self.lost:
                self.lost = True
                first, last = self.proved, max(size - 1, 0)
                self.wrong.append(
                    f"{whose} (size {size}) does not fit: between records {first} and {last} something was changed,"
                    " removed, swapped or put in"
                )

    def record(self, told):
        place, leaf = self.tree.size, bytes.fromhex(told["leaf"])
        if told["body"] is not None:
            salt = bytes.fromhex(told["salt"])
            if len(salt) != 16 or sha256(salt + told["body"].encode()) != leaf:
                self.wrong.append(f"record {told['index']}: its content is not what was signed")
        if told["index"] != place and not self.lost:
            kind = (
                "stands twice or in another's place" if told["index"] < place else "follows a gap: records are missing"
            )
            self.wrong.append(f"record {told['index']} {kind} (expected {place})")
        self.tree.add(leaf)
        self.compare()

    def finish(self):
        if self.newest < 0:
            self.wrong.append("no checkpoint is signed by this key: nothing is proved")
        for size, _, whose in self.points:
            self.wrong.append(f"{whose} has {size} records, the export {self.tree.size}: cut off or rolled back")
        if not self.lost and not self.points and self.tree.size > max(self.newest, 0):
            self.wrong.append(f"records {self.newest} to {self.tree.size - 1} are not signed: put in afterwards")


def check(path, vkeys, kept):
    """(what was counted, everything that is wrong)."""
    with Path(path).open("rb") as file:
        header = json.loads(file.readline())
        if header["format"] != "faellesplan-log/1":
            raise ValueError("another format")
        checker = Checker([Key(text) for text in vkeys or [header["vkey"]]], kept)
        if header["vkey"] not in [key.text for key in checker.keys]:
            checker.wrong.append("the export names another key: it was signed again")
        for note in header["checkpoints"]:
            checker.checkpoint(note, "the newest checkpoint")
        for number, line in enumerate(file, 2):
            told = json.loads(line)
            if "checkpoint" in told:
                checker.checkpoint(told["checkpoint"], f"the checkpoint on line {number}")
            else:
                checker.record(told)
    checker.finish()
    return f"{checker.tree.size} records, {checker.fits} checkpoints fit", checker.wrong


def main():
    """Exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export")
    parser.add_argument("--key", action="append", default=[], help="who may sign: name+id+key")
    parser.add_argument("--checkpoint", action="append", default=[], help="a file with a checkpoint kept from before")
    args = parser.parse_args()
    kept = [Path(path).read_text(encoding="utf-8") for path in args.checkpoint]
    try:
        counted, wrong = check(args.export, args.key, kept)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        counted, wrong = "", [f"the export cannot be read: {type(error).__name__}"]
    lines = [
        counted,
        *wrong,
        "The log is NOT as it was signed." if wrong else "Nothing was changed, removed or put in.",
    ]
    sys.stdout.write("\n".join(line for line in lines if line) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
