"""What a service may refuse with; the edges (pages, API, admin, commands) translate, nobody else catches."""

from collections.abc import Sequence
from typing import Protocol

from django.utils.functional import Promise

# A text for people: translated when it is shown, not when it is made.
Text = str | Promise


class Problem(Protocol):
    """One thing wrong with what was sent in; the engine's validation problems look like this."""

    @property
    def code(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def step_id(self) -> str | None: ...
    @property
    def is_error(self) -> bool: ...
    def as_dict(self) -> dict[str, str | None]: ...


class DomainError(Exception):
    """A rule of ours says no. `code` is stable and for machines, `message` is for people."""

    def __init__(self, code: str, message: Text, *, field: str | None = None, hint: Text | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.field = field
        self.hint = hint

    def __str__(self) -> str:
        return str(self.message)


class NotFound(DomainError):
    """There is no such thing, or it belongs to another organization: the two are never told apart."""


class Invalid(DomainError):
    """What was sent in breaks a rule; `problems` lists every one of them."""

    def __init__(
        self,
        code: str,
        message: Text,
        *,
        field: str | None = None,
        hint: Text | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(code, message, field=field, hint=hint)
        self.problems = tuple(problems)


class Conflict(DomainError):
    """The present state of things does not allow it."""


class Stale(Conflict):
    """Somebody else changed it since it was read."""


class Forbidden(DomainError):
    """Known who asks, and they may not."""


class Unavailable(DomainError):
    """Something outside does not answer; worth trying again after `retry_after` seconds."""

    def __init__(
        self,
        code: str,
        message: Text,
        *,
        field: str | None = None,
        hint: Text | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, message, field=field, hint=hint)
        self.retry_after = retry_after
