"""Who shows the token."""

import pytest

from sessions_app.health.access import shows_token

TOKEN = "a-token-of-health"


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"Authorization": f"Bearer {TOKEN}"}, True),
        ({"Authorization": f"bearer  {TOKEN} "}, True),
        ({"X-Health-Token": TOKEN}, True),
        ({"Authorization": f"Bearer {TOKEN}", "X-Health-Token": "other"}, True),
        ({"Authorization": "Basic YTpi", "X-Health-Token": TOKEN}, True),  # a proxy has a login of its own
        ({"Authorization": "Bearer other", "X-Health-Token": TOKEN}, False),
        ({"Authorization": TOKEN}, False),
        ({"Authorization": f"Bearer {TOKEN}x"}, False),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, False),
        ({"Authorization": "Bearer "}, False),
        ({"X-Health-Token": ""}, False),
        ({"X-Health-Token": "tökén \udcff"}, False),
        ({}, False),
    ],
)
def test_a_token_is_shown_in_one_of_two_headers(headers, shown):
    assert shows_token(headers, TOKEN) is shown


@pytest.mark.parametrize("token", [None, ""])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}])
def test_without_a_token_nothing_is_one(headers, token):
    assert not shows_token(headers, token)
