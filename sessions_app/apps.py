"""The app as Django knows it."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from sessions_app.roles import after_migrate


class SessionsAppConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Live Status"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """See that the roles are there."""
        post_migrate.connect(after_migrate, sender=self, dispatch_uid="roles")
