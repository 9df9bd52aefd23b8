"""The database backend: a connection is looked at by its socket before each request, not by a statement."""

import select

from django.db.backends.postgresql import base
from psycopg2.extensions import TRANSACTION_STATUS_IDLE


class DatabaseWrapper(base.DatabaseWrapper):
    """Spares a round trip per request. A server that went away has closed its end, which is seen without asking it;
    only a connection with something unread, or in a transaction, is asked."""

    def is_usable(self) -> bool:
        session = self.connection
        if session is None or session.closed:
            return False
        if session.info.transaction_status == TRANSACTION_STATUS_IDLE and not _has_unread(session.fileno()):
            return True
        return super().is_usable()


def _has_unread(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLERR | select.POLLHUP)
    return bool(poll.poll(0))
