"""Tests of what docs/ ships."""
