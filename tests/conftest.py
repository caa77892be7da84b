"""What holds for every test. How the environment is kept out stands in tests/settings.py."""

import os

import pytest


@pytest.fixture(autouse=True)
def _same_environment_after_each_test():
    """What a test sets in the environment by hand ends with it."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)
