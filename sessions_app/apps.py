"""The app as Django knows it."""

from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Live Status"
    default_auto_field = "django.db.models.BigAutoField"
