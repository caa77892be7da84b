"""Addresses of this room. `/health/` is in `web`, which has a page for it."""

from django.urls import path

from sessions_app.health import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.metrics, name="metrics"),
]
