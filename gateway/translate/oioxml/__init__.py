"""MedCom's letters: OIOXML (XDIS, XBIN, XCTL), and EDIFACT, which says the same in segments.

**The letter tree** is the lxml tree of an OIOXML `Emessage`: `Envelope{Sent{Date, Time}, Identifier,
AcknowledgementCode}`, then one letter (`NotificationOfAdmission`, `ClinicalEmail`, `NegativeReceipt` …) with the
element names, the nesting and the words for codes (`indlagt`, `nytbrev`, `sygehusafdelingsnummer`) of MedCom's
schemas. Namespaces are not looked at, neither is the order of elements. Another language (EDIFACT) that makes this
tree of its messages gets everything else from here, by the rules and tables in mappings/oioxml:

| what | where |
|---|---|
| bytes out of a VANSEnvelope, or as they are | `gateway.translate.vans.opened(raw).content` |
| letter tree → Translation, Explanation | `letters.Letters(…, language=…)`, its `translation` and `explanation` |
| letter tree → that of the receipt, None where none is asked for | `receipt.positive`, `receipt.negative` |
| a tree → bytes | `writing.written` |

A message's id is `<sender's EAN>#<Letter/Identifier>`, which is how MedCom's FHIR messages name letters
(Provenance.entity.what.identifier, `[lokationsnummer]#[brevid]`). VersionCode is told as the language writes it
(`XD2030C`, EDIFACT `D2030C`): tables and rules look at the letter's element name.
"""
