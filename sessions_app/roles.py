"""Who may do what, as Django's groups: viewer (sees), operator (acts), admin (all).

Made by a migration, and again after each `migrate` where a group is missing. What somebody has added to a group stays,
and so does what somebody has taken from it.
"""

from typing import Any

APP = "sessions_app"
SEEN = ("action", "checkpoint", "delivery", "destination", "judgement", "post", "run", "session", "step", "watcher")
ACTED_ON = ("destination", "post", "run", "session")
EVERYTHING = ("add", "change", "delete", "view")

VIEWER = tuple((APP, model, "view") for model in SEEN)
OPERATOR = (*VIEWER, *((APP, model, "change") for model in ACTED_ON))
ADMIN = (
    *OPERATOR,
    (APP, "session", "delete"),
    *(("auth", model, right) for model in ("user", "group") for right in EVERYTHING),
    *(("axes", "accessattempt", right) for right in ("view", "delete")),
)
ROLES = {"viewer": VIEWER, "operator": OPERATOR, "admin": ADMIN}


def make_roles(apps: Any, *, only_missing: bool) -> None:
    """Make the groups with their permissions, which may not exist yet. ``apps`` is a registry, also a migration's.

    ``only_missing``: groups that are there are left as they are; otherwise they get what they lack of their role.
    """
    groups = apps.get_model("auth", "Group").objects
    for role, rights in ROLES.items():
        group, made = groups.get_or_create(name=role)
        if made or not only_missing:
            group.permissions.add(*(_permission(apps, *right) for right in rights))


def after_migrate(apps: Any, **_: object) -> None:
    """Receiver of Django's ``post_migrate``: nobody shall be left without roles, as after a flush."""
    make_roles(apps, only_missing=True)


def _permission(apps: Any, app: str, model: str, right: str) -> Any:
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app, model=model)
    named = {"name": f"Can {right} {model}"}  # as Django names it, who makes it where we do not
    permissions = apps.get_model("auth", "Permission").objects
    return permissions.get_or_create(content_type=kind, codename=f"{right}_{model}", defaults=named)[0]
