"""Parts of the joint plan → KL's words: a Bundle of type collection in the shapes of KLCore."""

from gateway.translate.kl.write.bundle import KINDS, write
from gateway.translate.kl.write.tables import Tables

__all__ = ["KINDS", "Tables", "write"]
