"""Addresses: the board at the root, health beside it, the admin."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("sessions_app.web.urls")),
    path("", include("sessions_app.health.urls")),
    path("admin/", admin.site.urls),
]
