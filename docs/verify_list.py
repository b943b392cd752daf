#!/usr/bin/env python3
"""Verify that one citizen's list of looks is whole, with verify_log.py beside this file.

    python3 verify_list.py FILE [--key VKEY]... [--witness VKEY]...

The file (GET /log/lists/{id}) holds a signed checkpoint, the entries, and two proofs. Every entry stands in the tree
that the checkpoint signs: with the neighbours' hashes the root comes out. And the entries are all there are: their
chain hangs in the map that the checkpoint signs too, at the end of the pages that lead to this citizen. An empty list
is shown by an empty place, or by another list that stands alone in it. Exit status: 0 right, 1 wrong.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from verify_log import NONE, Verifier, hung, longer, sha256


def root_with(leaves, low, high, proof):
    """The root over the places low to high: of leaves where they are known, else the next hash of the proof."""
    if not leaves:
        return next(proof, NONE)
    if high - low == 1:
        return sha256(b"\x00", leaves[low])
    middle = low + (1 << (high - low - 1).bit_length() - 1)
    left, right = ({at: leaf for at, leaf in leaves.items() if (at < middle) == side} for side in (True, False))
    return sha256(b"\x01", root_with(left, low, middle, proof), root_with(right, middle, high, proof))


def lists(verifier, told, size, root, top):
    """A citizen's lists: every entry is in the tree, and the chain hangs in the map, so none is left out."""
    leaves = {entry["index"]: bytes.fromhex(entry["leaf"]) for one in told["lists"] for entry in one["entries"]}
    if root_with(leaves, 0, size, iter([*map(bytes.fromhex, told["tree"])])) != root:
        verifier.wrong.append("the entries are not what stands in their places of the signed tree")
    for one in told["lists"]:
        key, chain, hangs = sha256(b"citizen\x00", one["citizen"].encode()), (0, NONE), top
        for entry in one["entries"]:
            chain = longer(chain, entry["index"], bytes.fromhex(entry["leaf"]))
            if verifier.read(entry)[1] != key and entry["body"] is not None:
                verifier.wrong.append(f"record {entry['index']} is about somebody else")
        for digit, places in zip(key.hex(), map(bytes.fromhex, one["path"])):  # noqa: B905 - it ends before the key
            hangs = places[int(digit, 16) * 32 :][:32] if sha256(b"\x01", places) == hangs else None
        other, shows = map(bytes.fromhex, one.get("beside") or ["", ""])  # stands alone where an empty list would
        beside = not chain[0] and other != key and other.hex().startswith(key.hex()[: len(one["path"])])
        if hangs not in (hung(key, chain), beside and sha256(b"\x00", other, shows)):
            verifier.wrong.append("the list is not the one that was signed: an entry was left out, put in or moved")
    return f"{len(leaves)} entries, all there were when the log had {size} records"


def main():
    """Exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    for name in ("key", "witness"):
        parser.add_argument(f"--{name}", action="append", default=[])
    args = parser.parse_args()
    wrong, counted = ["the file cannot be read"], ""
    try:
        told = json.loads(Path(args.file).read_bytes())
        verifier = Verifier(args.key or [told["vkey"]], args.witness)
        if told["vkey"] not in [key.text for key in verifier.keys]:
            verifier.wrong.append("the file names another key: it was signed again")
        proof = [*told["tree"], *(text for one in told["lists"] for text in (*one["path"], *one.get("beside", ())))]
        if told["format"] != "faellesplan-list/1" or re.search("[A-F]", "".join(proof)):
            raise ValueError
        point = verifier.opened(told["checkpoint"], "the checkpoint")
        counted = lists(verifier, told, *point[:3]) if point else ""
        unseen = [f"{key.name} has witnessed nothing of it" for key in verifier.witnesses if key not in verifier.seen]
        wrong = verifier.wrong + unseen
    except OSError as error:
        parser.error(f"{error.filename} cannot be read: {error.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    last = "This is NOT the list that was signed." if wrong else "Nothing was left out, changed or put in."
    sys.stdout.write("\n".join([*filter(None, [counted]), *wrong, last]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
