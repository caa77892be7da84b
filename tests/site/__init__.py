"""Tests of livestatus_site."""
