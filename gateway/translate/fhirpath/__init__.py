"""FHIRPath, as much of it as invariants of R4 and of our profiles use: http://hl7.org/fhirpath/N1/.

What cannot be known here (another server's resource, units to be converted, a function that is not in the table)
raises `Undecided`: nobody is told of a fault that may be none.
"""

from gateway.translate.fhirpath.evaluate import holds
from gateway.translate.fhirpath.items import Undecided
from gateway.translate.fhirpath.scope import Spent

__all__ = ["Spent", "Undecided", "holds"]
