"""Tests of sessions_app.deliver."""
