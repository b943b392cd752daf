"""The traps of the field, sent one behind the other on one connection: each is answered in its turn, whatever it is."""

from __future__ import annotations

from tests.inbound.mllp_senders import answer, frame
from tests.inbound.test_message_doors import admission
from tests.inbound.test_mllp_hostile import Door, msa, run


def put(segment: str, number: int, value: str, message: bytes = b"") -> bytes:
    """The admission with another value in one field."""
    lines = [line.split("|") for line in (message or admission()).decode("latin-1").split("\r")]
    place = number - (segment == "MSH")
    for fields in lines:
        if fields[0] == segment:
            fields.extend([""] * (place + 1 - len(fields)))
            fields[place] = value
    return "\r".join("|".join(fields) for fields in lines).encode("latin-1")


TAKEN = {
    "line feeds": admission().replace(b"\r", b"\n"),
    "both": admission().replace(b"\r", b"\r\n"),
    "byte order mark": b"\xef\xbb\xbf" + put("MSH", 18, "UNICODE UTF-8"),
    "small letters": admission().replace(b"PID|", b"pid|"),
    "a Z segment in between": admission().replace(b"PV1|", b"ZPI|1|x\rPV1|"),
    "names that repeat": put("PID", 5, "A^B~C^D~E^F"),
    "addresses that repeat": put("PID", 11, "Vej 1^^By~Vej 2^^By"),
    "numbers that repeat": put("PID", 13, "1~2~3"),
    "an empty repetition": put("PID", 5, "~"),
    "empty components": put("PID", 5, "^^^^"),
    "delete": put("PID", 11, '""'),
    "an escaped end of segment": put("PID", 5, r"A\X0D\B^C"),
    "a formatting command": put("PID", 5, r"A\.br\B^C"),
    "a truncation mark": admission().replace(b"|^~\\&|", b"|^~\\&#|"),
    "pre-admission on an admission": put("PV1", 2, "P"),
    "Danish letters in Latin-1": put("PID", 5, "Åse^Ørsted"),
    "no day of birth": put("PID", 7, ""),
    "a name that is unknown": put("PID", 5, "U"),
    "a replacement number with day + 60": put("PID", 3, "8512489996^^^CPR"),
} | {
    f"the day {day}": put("PID", 7, day, put("PV1", 44, day))
    for day in (
        "2025", "202503", "20250314", "202503140915", "20250314091500.1234", "202503140915+0100", "20250330023000",
        "20250314240000", "20240229",
    )
}  # fmt: skip
REFUSED = {
    "UTF-8 that says Latin-1": put("PID", 5, "x").replace(b"|x|", "|Åse|".encode()),
    "Latin-1 that says UTF-8": put("MSH", 18, "UNICODE UTF-8", put("PID", 5, "Åse")),
    "no citizen": put("PID", 3, ""),
    "a day that never was": put("PID", 7, "20250229"),
    "a month that never was": put("PV1", 44, "20251301"),
    "a day in another form": put("PID", 7, "2025-03-14"),
    "no sense": b"\x00\x01\x02",
    "JSON": b'{"resourceType":"Bundle"}',
    "XML": b"<Emessage/>",
    "HTTP": b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header and nothing": b"MSH|^~\\&\r",
    "delimiters that are letters": b"MSHabcde\r",
    "one delimiter for all": b"MSH|||||\r",
    "a segment without end": b"MSH|^~\\&|" + b"x" * 200_000,
    "many lines": b"MSH|^~\\&|SP|HGH|GW|KK|2025||ADT^A01|1|P|2.5" + b"\rZZZ" * 30_000,
}


def test_every_trap_is_answered_in_its_turn(database_url: str) -> None:
    async def test(here: Door) -> None:
        reader, writer = await here.connect()
        traps = [*TAKEN.items(), *REFUSED.items()]
        for number, (name, message) in enumerate(traps):
            sent = message.replace(b"|M1|", b"|M%d|" % number)
            writer.write(frame(sent))
            told = await answer(reader)
            (one,) = msa(told)
            if name in TAKEN:
                assert one == f"AA M{number}", name
            else:
                assert one[:2] in ("AE", "AR"), name
                assert b"ERR|" in told, name
        writer.write(frame(admission("last")))
        assert msa(await answer(reader)) == ["AA last"]
        assert len(await here.kept()) == len(TAKEN) + 1
        assert len(await here.kept("quarantined")) == len(REFUSED)

    assert run(database_url, test) == []
