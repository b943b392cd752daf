"""The languages, built once, as the quick tests build them."""

from tests.translate.kl.conftest import kl
from tests.translate.oio.conftest import oio

__all__ = ["kl", "oio"]
