"""Characters that no text of FHIR holds and XML cannot write (R4 2.24.0.1, XML 1.0 2.2) become blanks.

JSON can spell them all. Kept as they are, they would make the plan of a citizen unreadable to whoever asks for XML.
"""

from __future__ import annotations

import re

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def fit(text: str) -> str:
    """The text with blanks in the place of such characters.

    >>> fit("Lind\\x1b[31m")
    'Lind [31m'
    """
    return _UNFIT.sub(" ", text)
