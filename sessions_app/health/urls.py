"""Addresses of this room."""

from django.urls import path

from sessions_app.health import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("health/", views.health, name="health"),
]
