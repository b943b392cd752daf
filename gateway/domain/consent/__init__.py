"""The citizen's consents: compiled once, asked often. docs/samtykke.md tells caseworkers how they decide.

The rules that FHIR and IHE PCF leave open, by the numbers that verdicts name. Above them all: the citizen's word is
never widened, and what is not understood can only narrow.

1. In force: active, scope patient-privacy, given by now, now inside the period of the root; days are Danish ones, the
   last included. Without a provision nothing is permitted.
2. A provision matches when all that it holds matches; values of one element are alternatives. Codes are compared
   literally, without hierarchy or rank.
3. Exceptions inherit what they leave out, but for the filters on data. Those of the first level count also where the
   root's own filters or purpose do not match, those below only where their parent matches.
4. In one branch the deepest provision that matches decides; branches and consents combine by deny overrides.
5. Labels that count are those of sensitivity, confidentiality and our data classes. A permit by labels must cover all
   of them, with those above it; one denied is enough to deny.
6. A deny by dates hits undated data too, a permit does not cover it. A deny by code hits nothing without a code.
7. A permit about this access that does not cover this data is the citizen's limit: a deny, whatever the law's default.
8. Where nothing applies, the policy table decides.
9. A purpose is required and known; of several every one must be permitted.
10. An override beats denials, but for a deny that names it and what the table says is never opened.
11. What is not understood voids a permit and leaves a deny standing; of an actor, a deny is of everybody.
12. A permit for an organisation is of it alone unless the consent names its sub-units; a deny is of those too, unless
    the consent says that it is not. What is a part of what: domain/consent/units.py.
13. Of several citizens in one resource each must permit.
14. After a merge the consents of both identities hold.
15. For other purposes than treatment (sundhedsloven § 44) a consent is written, and ends after a year.
"""

from gateway.domain.consent.actors import by_name, in_this_gateway
from gateway.domain.consent.ask import Ask
from gateway.domain.consent.compiled import FORM, OBJECTION, CompiledConsent, compile_consent
from gateway.domain.consent.evaluate import Evaluation, Same, begun, evaluate, prepared
from gateway.domain.consent.verdict import Verdict, Word

__all__ = [
    "FORM", "OBJECTION", "Ask", "CompiledConsent", "Evaluation", "Same", "Verdict", "Word", "begun", "by_name",
    "compile_consent", "evaluate", "in_this_gateway", "prepared",
]  # fmt: skip
