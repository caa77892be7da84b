"""Addresses of this room."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from sessions_app.web import acts, views, views_run, views_search
from sessions_app.web.charts_page import page as charts
from sessions_app.web.health import health

urlpatterns = [
    path("", views.page, name="board"),
    path("board/", views.news, name="board-news"),
    path("runs/<int:pk>/", views_run.run, name="run"),
    path("runs/<int:pk>/news/", views_run.run_news, name="run-news"),
    path("sessions/<int:pk>/", views_run.session, name="session"),
    path("search/", views_search.search, name="search"),
    path("charts/", charts, name="charts"),
    path("health/", health, name="health"),
    path("act/<str:kind>/<int:pk>/<str:verb>/", acts.act, name="act"),
    path("runs/<int:pk>/acts/", views.acts, name="run-acts"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(next_page="login"), name="logout"),
    # One page for signing in, not two.
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
]
