"""XML from outside, read so that it can neither reach out nor blow up.

No DTD is accepted at all: billion laughs, external and parameter entities all need one. libxml2's own limits
stand: 256 levels, 10 MB in one text node. What the parser says about a fault may quote the message, so only the
line number is passed on.
"""

from __future__ import annotations

from lxml import etree

from gateway.errors import TooLarge, Unreadable, WrongCharset

MAX_BYTES = 10_000_000

_CHARSET_FAULTS = frozenset(
    {
        etree.ErrorTypes.ERR_INVALID_ENCODING,
        etree.ErrorTypes.ERR_INVALID_CHAR,
        etree.ErrorTypes.ERR_UNKNOWN_ENCODING,
        etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING,
        etree.ErrorTypes.ERR_ENCODING_NAME,
    }
)


def parse(raw: bytes, *, limit: int = MAX_BYTES) -> etree._Element:
    """The root element, without comments and processing instructions.

    The character set is the XML declaration's (UTF-8 or UTF-16 by its mark when it names none); bytes that do not
    fit it are an error, never replacement characters. Raises Unreadable, WrongCharset, TooLarge.
    """
    if len(raw) > limit:
        raise TooLarge(hint=f"At most {limit} bytes are read.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,
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
    return root


def local(tag: str) -> str:
    """An element's name without its namespace.

    >>> local("{urn:oio:sagdok:3.0.0}Virkning")
    'Virkning'
    """
    return tag.rpartition("}")[2]
