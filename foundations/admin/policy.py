"""What the staff of one foundation may do in Wagtail's admin, and which rows they ever meet.

A list and a single page take their rows from `rows(user)`, one of permissions.get_*_for: the id of
another foundation's row is answered as one that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import reduce
from typing import Any

from django.db.models import Q, QuerySet
from wagtail.permission_policies import BasePermissionPolicy

from foundations.models import FoundationRole
from foundations.permissions import ENTER
from volunteers.models import User
from volunteers.permissions import AnyUser

ENTERS = {"add": ENTER}
ENTERS_AND_CHANGES = {"add": ENTER, "change": ENTER}


class FoundationPolicy(BasePermissionPolicy):
    """Whoever has a role sees; `roles` says which role may do more than see.

    `through` leads from a row to its foundation. Superusers see all; what they may do
    besides, `superusers` names.
    """

    # One question about a user's roles a request, whatever the number of menu items.
    permission_cache_name = "_linli_foundation_roles"

    def __init__(
        self,
        model: Any,
        *,
        rows: Callable[[AnyUser], QuerySet[Any]],
        roles: Mapping[str, Collection[str]] | None = None,
        superusers: Collection[str] = (),
        through: str = "foundation",
    ) -> None:
        super().__init__(model)
        self.rows = rows
        self.roles = dict(roles or {})
        self.superusers = frozenset(superusers)
        self.through = through

    def get_all_permissions_for_user(self, user: User) -> set[Any]:
        """(foundation's number, role) of each role the account holds."""
        if not user.is_active:
            return set()
        held = FoundationRole.objects.filter(user_id=user.pk)
        return set(held.values_list("foundation_id", "role"))

    def user_has_permission(self, user: User, action: str) -> bool:
        if self._as_superuser(user, action):
            return True
        return bool(self._foundations_where(user, action))

    def user_has_any_permission(self, user: User, actions: Iterable[str]) -> bool:
        return any(self.user_has_permission(user, action) for action in actions)

    def user_has_permission_for_instance(self, user: User, action: str, instance: Any) -> bool:
        if self._as_superuser(user, action):
            return True
        return self._foundation_of(instance) in self._foundations_where(user, action)

    def instances_user_has_any_permission_for(
        self, user: User, actions: Iterable[str]
    ) -> QuerySet[Any]:
        actions = list(actions)
        if "view" in actions or any(self._as_superuser(user, action) for action in actions):
            return self.rows(user)
        where = set().union(*(self._foundations_where(user, action) for action in actions))
        return self.rows(user).filter(**{f"{self.through}__in": where})

    def users_with_any_permission(self, actions: Iterable[str]) -> QuerySet[User]:
        wanted: Q = Q(pk__in=[])
        for action in actions:
            wanted |= Q(foundation_roles__role__in=self._roles_that_may(action))
            if action == "view" or action in self.superusers:
                wanted |= Q(is_superuser=True)
        return User.objects.filter(wanted, is_active=True).distinct()

    def _as_superuser(self, user: User, action: str) -> bool:
        is_one = user.is_active and user.is_superuser
        return is_one and (action == "view" or action in self.superusers)

    def _foundations_where(self, user: User, action: str) -> set[int]:
        may = self._roles_that_may(action)
        held = self.get_cached_permissions_for_user(user)
        return {foundation for foundation, role in held if role in may}

    def _roles_that_may(self, action: str) -> Collection[str]:
        return FoundationRole.Role.values if action == "view" else self.roles.get(action, ())

    def _foundation_of(self, instance: Any) -> Any:
        found = reduce(getattr, self.through.split("__"), instance)
        return getattr(found, "pk", found)
