"""The languages, built once, as the quick tests build them."""

from tests.translate.edifact.conftest import edifact
from tests.translate.kl.conftest import kl
from tests.translate.oio.conftest import oio

__all__ = ["edifact", "kl", "oio"]
