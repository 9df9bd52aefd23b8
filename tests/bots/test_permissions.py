"""Who may do what: one table, each line with the right and without it."""

import pytest

from bots.permissions import MANAGEABLE_ROLES, PERMISSIONS, ApiScope, Permission, Role, may, scope_allows

O, A, E, S, V = Role.OWNER, Role.ADMIN, Role.EDITOR, Role.SUPPORT, Role.VIEWER  # noqa: E741 - columns of a table

TABLE: list[tuple[Permission, set[Role]]] = [
    (Permission.BOT_VIEW, {O, A, E, S, V}),
    (Permission.BOT_CONNECT, {O, A}),
    (Permission.BOT_CHANGE, {O, A, E}),
    (Permission.FLOW_VIEW, {O, A, E, S, V}),
    (Permission.FLOW_EDIT, {O, A, E}),
    (Permission.FLOW_PUBLISH, {O, A, E}),
    (Permission.FLOW_TEST, {O, A, E, S, V}),
    (Permission.CONVERSATION_VIEW, {O, A, E, S, V}),
    (Permission.CONVERSATION_ANSWER, {O, A, E, S}),
    (Permission.PAYMENT_VIEW, {O, A, E, S, V}),
    (Permission.PAYMENT_REFUND, {O, A}),
    (Permission.PAYMENT_EXPORT, {O, A}),
    (Permission.GRANT_GIVE, {O, A, S}),
    (Permission.GATEWAY_MANAGE, {O, A}),
    (Permission.MEMBER_VIEW, {O, A, E, S, V}),
    (Permission.MEMBER_MANAGE, {O, A}),
    (Permission.API_KEY_MANAGE, {O, A}),
    (Permission.AUDIT_VIEW, {O, A}),
    (Permission.ORGANIZATION_CHANGE, {O}),
]


@pytest.mark.parametrize(("permission", "roles"), TABLE, ids=[permission.value for permission, _ in TABLE])
def test_exactly_these_roles_may(permission: Permission, roles: set[Role]) -> None:
    assert {role for role in Role if may(role, permission)} == roles


def test_the_table_names_every_permission_and_every_role() -> None:
    assert [permission for permission, _roles in TABLE] == list(Permission)
    assert set(PERMISSIONS) == set(MANAGEABLE_ROLES) == set(Role)


def test_only_owners_make_owners() -> None:
    assert [role for role in Role if Role.OWNER in MANAGEABLE_ROLES[role]] == [Role.OWNER]


@pytest.mark.parametrize(
    ("granted", "needed", "allowed"),
    [
        (["bots:read"], ApiScope.BOTS_READ, True),
        (["bots:write"], ApiScope.BOTS_READ, True),
        (["bots:read"], ApiScope.BOTS_WRITE, False),
        (["flows:write"], ApiScope.BOTS_READ, False),
        ([], ApiScope.BOTS_READ, False),
        (["bots:*", "bots"], ApiScope.BOTS_READ, False),
    ],
)
def test_a_write_scope_includes_reading_its_own_subject(granted: list[str], needed: ApiScope, allowed: bool) -> None:
    assert scope_allows(granted, needed) is allowed
