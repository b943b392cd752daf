"""The citizen's consents: compiled once, asked often. How they decide: docs/samtykke.md."""

from gateway.domain.consent.actors import by_name, in_this_gateway
from gateway.domain.consent.ask import Ask
from gateway.domain.consent.compiled import FORM, OBJECTION, CompiledConsent, compile_consent
from gateway.domain.consent.evaluate import Evaluation, Same, evaluate, prepared
from gateway.domain.consent.verdict import Verdict, Word

__all__ = [
    "FORM", "OBJECTION", "Ask", "CompiledConsent", "Evaluation", "Same", "Verdict", "Word", "by_name",
    "compile_consent", "evaluate", "in_this_gateway", "prepared",
]  # fmt: skip
