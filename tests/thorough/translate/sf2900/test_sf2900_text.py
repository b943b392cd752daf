"""Whatever a text holds, SF2900 carries it or it is refused."""

from __future__ import annotations

import base64
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate.sf2900.writing import written
from tests.translate.sf2900.test_sf2900_writing import ENTRY, said


@given(st.text(), st.text())
def test_any_text_is_carried_or_refused(title: str, text: str) -> None:
    try:
        found = said(written(replace(ENTRY, title=title, text=text)))
    except GatewayError:
        return
    assert base64.b64decode(found["Notat"]).decode() == text
