"""Subscriptions: who is told when something happens. R4 rest-hook with the topics of the R5 backport.

| file | what |
|---|---|
| reading | read, search, `$status`: each client sees its own; it is written in flows/writing/in_subscriptions.py |
| showing | the resource, and the record of a look at it or a write of it |
| noticing | what changed becomes something to send, for those whom it may concern |
| sending | each notification is decided when it goes out, for the subscriber as registered then, and on record before |
"""

from gateway.flows.subscriptions.noticing import notice, notice_overdue
from gateway.flows.subscriptions.reading import read, search, status
from gateway.flows.subscriptions.sending import Post, Standing, send_due

__all__ = ["Post", "Standing", "notice", "notice_overdue", "read", "search", "send_due", "status"]
