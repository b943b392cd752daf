"""Subscriptions: who is told when something happens. R4 rest-hook with the topics of the R5 backport.

| file | what |
|---|---|
| keeping | the Subscription itself by REST: each client sees and changes its own |
| noticing | what changed becomes something to send, for those whom it may concern |
| sending | each notification is decided when it goes out, for the subscriber as registered then, and on record before |
"""

from gateway.flows.subscriptions.keeping import create, read, search, status, update, withdraw
from gateway.flows.subscriptions.noticing import notice, notice_overdue
from gateway.flows.subscriptions.sending import Post, Standing, send_due

__all__ = [
    "Post",
    "Standing",
    "create",
    "notice",
    "notice_overdue",
    "read",
    "search",
    "send_due",
    "status",
    "update",
    "withdraw",
]
