"""How a service works for one organization: in its scope and in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from bots.tenancy import organization_scope, scoped_transaction


@contextmanager
def work_for(organization_id: UUID) -> Iterator[None]:
    """A transaction (or a part of the one already open) that may touch this organization's rows only."""
    with organization_scope(organization_id), scoped_transaction():
        yield
