"""Whose data this code may touch: a scope that is entered on purpose, and managers that refuse to work without one.

A scope is entered in few places: the request middleware, API authentication, tasks and outbox handlers (an
organization), the admin (staff), and code that serves many organizations in one transaction (`no_scope`, with a
reason).
Inside a transaction the scope is also told to PostgreSQL (`SET LOCAL`-like, so it ends with the transaction), where
the row policies read it.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, Self, TypeVar

from django.db import connection, models, transaction
from psycopg2.extensions import TRANSACTION_STATUS_INTRANS

Row = TypeVar("Row", bound=models.Model)


class ScopeKind(StrEnum):
    ORGANIZATION = "organization"
    STAFF = "staff"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Scope:
    kind: ScopeKind
    organization_id: uuid.UUID | None = None
    reason: str = ""


class ScopeMissing(RuntimeError):
    """Tenant data was asked for with no scope active: a bug, never a user's mistake."""


class ScopeBreached(RuntimeError):
    """A row of one organization was about to be written in the scope of another: a bug as well."""


_scope: ContextVar[Scope | None] = ContextVar("trilho_scope", default=None)


def current_scope() -> Scope | None:
    """The active scope, if any."""
    return _scope.get()


def current_organization_id() -> uuid.UUID:
    """The organization whose scope is active; raises ScopeMissing in any other scope."""
    scope = _scope.get()
    if scope is None or scope.organization_id is None:
        raise ScopeMissing("No organization is active here.")
    return scope.organization_id


@contextmanager
def organization_scope(organization_id: uuid.UUID) -> Iterator[None]:
    """Work for one organization. Costs one statement inside a transaction, none outside."""
    with _entered(Scope(ScopeKind.ORGANIZATION, organization_id)):
        yield


@contextmanager
def staff_scope() -> Iterator[None]:
    """Work as our own staff, who see every organization."""
    with _entered(Scope(ScopeKind.STAFF)):
        yield


@contextmanager
def no_scope(*, reason: str) -> Iterator[None]:
    """Serve many organizations at once (drain, relay, webhook); says why, and tells PostgreSQL nothing."""
    token = _scope.set(Scope(ScopeKind.NONE, reason=reason))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def bound_scope(organization_id: uuid.UUID) -> Iterator[None]:
    """An organization's scope for code that holds no transaction, such as a coroutine; touches no connection."""
    token = _scope.set(Scope(ScopeKind.ORGANIZATION, organization_id))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def scoped_transaction() -> Iterator[None]:
    """`transaction.atomic()` that tells PostgreSQL the active scope, for a scope entered before the transaction."""
    with transaction.atomic():
        scope = _scope.get()
        if scope is not None and len(connection.savepoint_ids) == 0:
            _tell_database(scope)
        yield


@contextmanager
def _entered(scope: Scope) -> Iterator[None]:
    before = _scope.get()
    token = _scope.set(scope)
    told = connection.in_atomic_block and before != scope
    try:
        if told:
            _tell_database(scope)
        yield
    finally:
        _scope.reset(token)
        if told and _transaction_is_whole():
            _tell_database(before)


def _transaction_is_whole() -> bool:
    """Whether the transaction takes another statement; one that failed forgets the scope when it is rolled back."""
    if not connection.in_atomic_block or connection.needs_rollback or connection.connection is None:
        return False
    status: int = connection.connection.info.transaction_status
    return status == TRANSACTION_STATUS_INTRANS


def _tell_database(scope: Scope | None) -> None:
    organization = str(scope.organization_id) if scope and scope.organization_id else ""
    staff = "on" if scope and scope.kind is ScopeKind.STAFF else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('trilho.organization', %s, true), set_config('trilho.staff', %s, true)",
            [organization, staff],
        )


class TenantQuerySet(models.QuerySet[Row]):
    """An ordinary queryset; its own type, so that a reader sees which tables have an owner."""


class ScopelessQuerySet(TenantQuerySet[Row]):
    """What a manager gives while no scope is active: may be handed around, as form and serializer definitions do when
    they are imported; `all()` under a scope gives the real thing; everything else raises ScopeMissing."""

    def all(self) -> Self:
        if current_scope() is None:
            return super().all()
        scoped: Self = self.model._default_manager.all()  # type: ignore[assignment]
        return scoped

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ScopeMissing(f"{self.model.__name__}: enter organization_scope(), staff_scope() or no_scope() first.")


REFUSED = """
    __getitem__ __iter__ __len__ __bool__ __and__ __or__ __xor__ _fetch_all aggregate annotate alias
    bulk_create bulk_update contains count create dates datetimes defer delete difference distinct earliest exclude
    exists explain extra filter first get get_or_create in_bulk intersection iterator last latest only order_by
    prefetch_related raw reverse select_for_update select_related union update update_or_create values values_list
"""
for _method in REFUSED.split():
    setattr(ScopelessQuerySet, _method, ScopelessQuerySet._refuse)


class TenantManager(models.Manager[Row]):
    """The default manager of every tenant table: filters by the active organization, refuses without a scope."""

    def get_queryset(self) -> TenantQuerySet[Row]:
        scope = current_scope()
        if scope is None:
            return ScopelessQuerySet(self.model, using=self._db)
        rows: TenantQuerySet[Row] = TenantQuerySet(self.model, using=self._db)
        if scope.kind is ScopeKind.ORGANIZATION:
            return rows.filter(organization_id=scope.organization_id)
        return rows


class UnscopedManager(models.Manager[Row]):
    """Every organization's rows, by a name that shows at each use: runtime, relay, migrations, maintenance."""


def no_transaction(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that opens short transactions itself, because it calls something outside or streams."""
    view.no_transaction = True  # type: ignore[attr-defined]
    return view
