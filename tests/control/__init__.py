"""Tests of sessions_app.control."""
