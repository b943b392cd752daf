"""Attached files: the XDIS91 names them (Reference/BIN), an XBIN01 of its own brings them (BinaryObject).

Neither names the other's letter, only the file's number. So the number is the file's key, from the sender and about the
citizen: whichever comes first, the reference in the correspondence is right, and until the file is there nobody
finds one behind it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator

from lxml import etree

from gateway.domain.correspondence import MOST_BYTES, Attached
from gateway.domain.statement import Statement
from gateway.errors import MissingField, TooLarge, UnknownCode, WrongType
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.letter import Letter
from gateway.translate.oioxml.numbers import object_id
from gateway.translate.rules.codes import CodeTable
from gateway.translate.rules.reader import Env
from gateway.translate.translation import Finding

LETTER = "BinaryLetter"


def check(letter: Letter, types: CodeTable | None) -> None:
    """Every file that comes has a number and a type that may be attached. Raises MissingField, UnknownCode."""
    if letter.kind != LETTER:
        return
    objects = tree.parts(letter.node, "BinaryObject")
    if not objects:
        raise MissingField(where=f"{tree.place(letter.node)}/BinaryObject")
    for node in objects:
        for name in ("ObjectIdentifier", "Object_Base64Encoded"):
            if not tree.said(node, name):
                raise MissingField(where=f"{tree.place(node)}/{name}")
        if types is None or types.find_code(tree.said(node, "ObjectExtensionCode")) is None:
            raise UnknownCode(
                "Files of this type are not received.",
                where=f"{tree.place(node)}/ObjectExtensionCode",
                hint="See mappings/codes/oioxml-file-type.csv.",
            )


def lightened(root: etree._Element) -> bytes:
    """The message without the content of its files, which is kept beside it. They are taken out of the tree: a second
    copy of 100 MB would cost as much as the first."""
    for node in root.iter("{*}Object_Base64Encoded"):
        node.text = None
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def attached(letter: Letter, env: Env, made: Iterable[Statement]) -> Iterator[Attached]:
    """The files of a letter, kept beside the Communication that was made of it. Raises WrongType, TooLarge.

    A size other than the one that is told is noted.
    """
    if letter.kind != LETTER:
        return
    communication = next(one for one in made if one.kind == "Communication")
    types = [payload["contentAttachment"]["contentType"] for payload in communication.body["payload"]]
    owner = env.ids("Communication", communication.key)
    total = 0
    for node, content_type in zip(tree.parts(letter.node, "BinaryObject"), types, strict=True):
        text = tree.said(node, "Object_Base64Encoded")
        try:
            body = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise WrongType("A file is not base64.", where=f"{tree.place(node)}/Object_Base64Encoded") from None
        total += len(body)
        if total > MOST_BYTES:
            raise TooLarge("The files are too large together.", where=tree.place(node))
        if tree.said(node, "OriginalObjectSize") not in ("", str(len(body))):
            env.findings.append(Finding(f"{tree.place(node)}/OriginalObjectSize", "is not the size of the file"))
        yield Attached(object_id(env, tree.said(node, "ObjectIdentifier")), owner, content_type, body)
