"""Who acts: a member, a partner's key, our staff, or Trilho itself."""

from dataclasses import dataclass

from bots.models import ActorKind, ApiKey, User


@dataclass(frozen=True, slots=True)
class Actor:
    """Given to every service whose act is written into the audit trail."""

    kind: ActorKind
    user: User | None = None
    key: ApiKey | None = None

    @classmethod
    def of_user(cls, user: User) -> "Actor":
        return cls(ActorKind.USER, user=user)

    @classmethod
    def of_staff(cls, user: User) -> "Actor":
        return cls(ActorKind.STAFF, user=user)

    @classmethod
    def of_key(cls, key: ApiKey) -> "Actor":
        return cls(ActorKind.API_KEY, key=key)

    @classmethod
    def of(cls, actor: "Actor | User") -> "Actor":
        """The actor itself; a user acts as a member."""
        return cls.of_user(actor) if isinstance(actor, User) else actor


SYSTEM = Actor(ActorKind.SYSTEM)
AnyActor = Actor | User
