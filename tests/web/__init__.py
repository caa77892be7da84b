"""Tests of sessions_app.web."""
