"""XML from outside, read so that it can neither reach out nor blow up.

No DTD is accepted at all: billion laughs, external and parameter entities all need one. libxml2's own limits
stand: 256 levels, 10 MB in one text node. Whoever takes larger documents (letters with files) gives a limit of its own:
beyond 10 MB those limits are ours, as libxml2 then has none. What the parser says about a fault may quote the message,
so only the line number is passed on.
"""

from __future__ import annotations

from lxml import etree

from gateway.errors import TooLarge, Unreadable, WrongCharset

MAX_BYTES = 10_000_000
LARGE_BYTES = 150_000_000
"""A letter with 100 MB of files, which base64 makes a third larger, and an envelope around it."""

_LEVELS = 256
_MOST_ELEMENTS = 100_000  # of a large document: it is large by its files, not by its parts

_CHARSET_FAULTS = frozenset(
    {
        etree.ErrorTypes.ERR_INVALID_ENCODING,
        etree.ErrorTypes.ERR_INVALID_CHAR,
        etree.ErrorTypes.ERR_UNKNOWN_ENCODING,
        etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING,
        etree.ErrorTypes.ERR_ENCODING_NAME,
    }
)


def parse(raw: bytes, *, limit: int = MAX_BYTES, blanks: bool = True) -> etree._Element:
    """The root element, without comments and processing instructions; without `blanks` also without the texts that
    only set elements apart.

    The character set is the XML declaration's (UTF-8 or UTF-16 by its mark when it names none); bytes that do not
    fit it are an error, never replacement characters. Raises Unreadable, WrongCharset, TooLarge.
    """
    if len(raw) > limit:
        raise TooLarge(hint=f"At most {limit} bytes are read.")
    large = len(raw) > MAX_BYTES
    if large:
        _check_large(raw)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=large,
        remove_pis=True,
        remove_comments=True,
        remove_blank_text=not blanks,
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as fault:
        line = f"line {fault.lineno}" if fault.lineno else ""
        if getattr(fault, "code", 0) in _CHARSET_FAULTS:
            raise WrongCharset(where=line) from None
        raise Unreadable("The bytes are not well-formed XML.", where=line) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("A document type declaration is not accepted.", where="line 1")
    if large:
        _check_depth(root)
    return root


def _check_large(raw: bytes) -> None:
    """Refused before libxml2 reads it without its limits: what could grow, and what cannot be looked through."""
    if b"\0" in raw or b"<!DOCTYPE" in raw:
        raise Unreadable("A large document is neither UTF-16 nor has it a document type declaration.", where="line 1")
    if raw.count(b"<") > 2 * _MOST_ELEMENTS:
        raise TooLarge("The document has too many elements.", hint=f"At most {_MOST_ELEMENTS} in a large one.")


def _check_depth(root: etree._Element) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _LEVELS:
            raise Unreadable(f"Elements stand in each other more than {_LEVELS} levels deep.")


def local(tag: str) -> str:
    """An element's name without its namespace.

    >>> local("{urn:oio:sagdok:3.0.0}Virkning")
    'Virkning'
    """
    return tag.rpartition("}")[2]
