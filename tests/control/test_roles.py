"""The groups that a migration makes, and that nothing takes back what people have made of them."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from sessions_app.roles import after_migrate, make_roles
from tests import factories as make

pytestmark = pytest.mark.django_db
ACTS = {"change_run", "change_session", "change_post", "change_destination"}


def rights(role: str) -> set[str]:
    return set(Group.objects.get(name=role).permissions.values_list("codename", flat=True))


def test_the_migration_makes_three_roles_each_with_more_rights():
    viewer, operator, admin = rights("viewer"), rights("operator"), rights("admin")
    assert all(right.startswith("view_") for right in viewer)
    assert {"view_run", "view_session", "view_post", "view_action", "view_delivery", "view_step"} <= viewer
    assert operator - viewer == ACTS
    assert {"delete_session", "add_user", "change_user", "change_group"} <= admin - operator


def test_its_permissions_are_djangos_own():
    """Two permissions with one name would be two rights that look like one."""
    found = Permission.objects.filter(content_type__app_label="sessions_app", codename="view_action")
    assert found.count() == 1
    ada = make.user(role="operator")
    assert ada.has_perm("sessions_app.change_destination")
    assert not ada.has_perm("sessions_app.delete_session")


def test_what_people_have_made_of_a_role_stays():
    viewer = Group.objects.get(name="viewer")
    viewer.permissions.add(Permission.objects.get(codename="change_run"))
    viewer.permissions.remove(Permission.objects.get(codename="view_step"))
    after_migrate(apps)
    assert "change_run" in rights("viewer")
    assert "view_step" not in rights("viewer")


def test_a_missing_role_is_made_again():
    Group.objects.all().delete()
    after_migrate(apps)
    assert set(Group.objects.values_list("name", flat=True)) == {"viewer", "operator", "admin"}
    assert rights("operator") >= ACTS


def test_a_group_that_was_there_before_gets_what_it_lacks():
    operator = Group.objects.get(name="operator")
    operator.permissions.set(Permission.objects.filter(codename="add_user"))
    make_roles(apps, only_missing=False)
    assert rights("operator") >= {*ACTS, "add_user"}
