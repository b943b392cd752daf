"""KL FFB order (kl-ffb-messaging, FHIR R4 message): the municipalities' social plans."""

from gateway.translate.kl.language import Kl
from gateway.translate.kl.order import is_order

__all__ = ["Kl", "is_order"]
