#!/usr/bin/env python3
"""Verify an export of the console (its page Udtræk) with verify_log.py beside this file.

    python3 verify_export.py NAME.manifest.txt --key VKEY

The three files lie in one folder, under the names that they were taken with. What this does:
1. The manifest is a signed note of the log's key (the page Status and GET /log/keys tell it). It has the SHA-256 of the
   file with the content and of the file with the proofs, and one root of the log's tree.
2. Each line of the proofs has a record's own bytes and its salt, which give its leaf; the hashes of its path lead from
   there to that root (RFC 6962 2.1.1). So the record stands in the log.
3. The content shows the records that are proved, no other, in the same order.
Exit status: 0 right, 1 wrong.
"""

import argparse
import base64
import csv
import io
import json
import re
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from verify_log import Key, sha256

FILES = re.compile(r"(.+)\.(?:manifest\.txt|proofs\.ndjson|content\.(?:csv|ndjson))")
TEXT = re.compile(
    r"(.+)/export\n[0-9a-f]{32}\nshape (\w+)\nsha256 content ([0-9a-f]{64})\nsha256 proofs ([0-9a-f]{64})\n"
    r"checkpoint (\d+) (\S{44})\n"
)


def signed(note, keys):
    """(shape, SHA-256 of the content, SHA-256 of the proofs, size, root) of a manifest; a text where it is wrong."""
    head, _, tail = note.rpartition("\n\n")
    told = TEXT.fullmatch(head + "\n")
    for name, text in re.findall("^\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)$", tail, re.MULTILINE):
        for key in keys:
            value = base64.b64decode(text, validate=True)
            if base64.b64encode(value).decode() != text:
                return "the manifest was changed after it was signed"
            if told and key.name == name == told[1] and value[:4] == key.id:
                try:
                    key.check(value[4:], (head + "\n").encode())
                except InvalidSignature:
                    return "the manifest was changed after it was signed"
                return told[2], told[3], told[4], int(told[5]), base64.b64decode(told[6])
    return "the manifest is not signed by this log's key"


def leads(leaf, index, size, path, root):
    """Whether the path leads from the leaf in this place to the root."""
    last, node = size - 1, sha256(b"\x00", leaf)
    for step in path:
        if index % 2 or index == last:
            node = sha256(b"\x01", step, node)
            while index and not index % 2:
                index, last = index // 2, last // 2
        else:
            node = sha256(b"\x01", node, step)
        index, last = index // 2, last // 2
    return last == 0 and node == root


def proved(line, size, root):
    """The id of a line of the proofs; None where the record is not in the tree, or the line is none."""
    try:
        told = json.loads(line)
        leaf, path = sha256(bytes.fromhex(told["salt"]), told["body"].encode()), map(base64.b64decode, told["path"])
        right = 0 <= told["index"] < size and len(told["salt"]) == 32 and leads(leaf, told["index"], size, path, root)
        return str(told["id"]) if right else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def shown(shape, raw):
    """The ids of the content's records."""
    try:
        if shape in ("csv", "sapa"):
            csv.field_size_limit(2**31 - 1)
            rows = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";")
            return [row[0] for row in rows][1:]
        lines = map(json.loads, filter(None, raw.split(b"\n")))
        return [str(one["Source"]["CorrelationId"] if "Source" in one else one["id"]) for one in lines]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, csv.Error):
        return None


def check(named, keys):
    """What is wrong, and of how many records."""
    found = signed(Path(named + ".manifest.txt").read_text(encoding="utf-8"), keys)
    if isinstance(found, str):
        return [found], 0
    shape, *hashes, size, root = found
    content = Path(f"{named}.content.{'csv' if shape in ('csv', 'sapa') else 'ndjson'}").read_bytes()
    proofs, wrong = Path(named + ".proofs.ndjson").read_bytes(), []
    ids = [proved(line, size, root) for line in proofs.split(b"\n")[:-1]]
    for number, one in enumerate(ids, 1):
        if one is None:
            wrong.append(f"line {number} of the proofs: this record does not stand in the signed tree")
    for file, raw, told in zip(("content", "proofs"), (content, proofs), hashes, strict=True):
        if sha256(raw).hex() != told:
            wrong.append(f"the file with the {file} is not the one that was signed")
    if not wrong and shown(shape, content) != ids:
        wrong.append("the records of the content are not those that are proved")
    return wrong, len(ids)


def main():
    """Exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="one of the three")
    parser.add_argument("--key", action="append", required=True)
    args = parser.parse_args()
    named = FILES.fullmatch(args.file)
    if not named:
        parser.error("this is not the name of a file of an export: NAME.manifest.txt")
    try:
        wrong, records = check(named[1], [Key(key) for key in args.key])
    except OSError as error:
        parser.error(f"{error.filename} cannot be read: {error.strerror}")
    except ValueError as error:
        wrong, records = [f"the manifest or the key cannot be read: {type(error).__name__}"], 0
    last = "This is NOT the export that was signed." if wrong else "Nothing was changed, removed or put in."
    sys.stdout.write("\n".join([f"{records} records", *wrong, last]) + "\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
