"""Tests of sessions_app.health."""
