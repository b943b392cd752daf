"""The languages, built once, as the quick tests build them."""

from tests.translate.edifact.conftest import edifact
from tests.translate.kl.conftest import kl
from tests.translate.oio.conftest import oio
from tests.translate.oio_json.conftest import for_strangers, lora
from tests.translate.vendor.conftest import momentum, nexus
from tests.translate.ydelse.conftest import ydelse

__all__ = ["edifact", "for_strangers", "kl", "lora", "momentum", "nexus", "oio", "ydelse"]
