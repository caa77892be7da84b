"""The site as an app, for the one thing that needs it: its system checks."""

from django.apps import AppConfig


class LiveStatusSiteConfig(AppConfig):
    name = "livestatus_site"
    verbose_name = "Live Status site"

    def ready(self) -> None:
        from livestatus_site import checks  # noqa: F401 - registers them
