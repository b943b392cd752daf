"""What one search needs of the store, each in one statement: three of them make a page with all that goes with it.

| file | what |
|---|---|
| asking | how one statement asks of citizens and of the directory at once |
| finding | citizens who are named or of a circle, with all parts of theirs and what the directory could answer |
| beyond | what includes could lead to in the directory, and who said it |

The third one is the access record. A statement brings what could be asked for, decided about nothing but shelters: the
flows decide, and follow chains and includes in what came.
"""

from gateway.store.searching.beyond import Reach, With, reached
from gateway.store.searching.finding import Found, Further, Met, Named, of_circle, of_directory, of_named

__all__ = ["Found", "Further", "Met", "Named", "Reach", "With", "of_circle", "of_directory", "of_named", "reached"]
