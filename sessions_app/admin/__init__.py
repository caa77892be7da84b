"""Django admin: one module per model, with lists that answer what is going on.

The watcher owns the data, so nothing can be added, changed or deleted here; what people can do goes through `control`.
"""

from django.contrib import admin

from sessions_app.admin.action import ActionAdmin
from sessions_app.admin.checkpoint import CheckpointAdmin
from sessions_app.admin.delivery import DeliveryAdmin
from sessions_app.admin.destination import DestinationAdmin
from sessions_app.admin.post import PostAdmin
from sessions_app.admin.run import RunAdmin
from sessions_app.admin.session import SessionAdmin
from sessions_app.admin.step import StepAdmin
from sessions_app.admin.watcher import WatcherAdmin

__all__ = [
    "ActionAdmin",
    "CheckpointAdmin",
    "DeliveryAdmin",
    "DestinationAdmin",
    "PostAdmin",
    "RunAdmin",
    "SessionAdmin",
    "StepAdmin",
    "WatcherAdmin",
]

admin.site.site_header = "Live Status"
admin.site.site_title = "Live Status"
admin.site.index_title = "What is kept"
admin.site.enable_nav_sidebar = False  # the lists need the room
