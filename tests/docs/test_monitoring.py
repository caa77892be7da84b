"""The dashboard and the alert rules: that they can be loaded, and ask for figures that there are."""

import json
import re
import time
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from livestatus_site.parse import BASE_DIR
from sessions_app.health.broker import Broker
from sessions_app.health.metrics import exposition
from sessions_app.models import Delivery
from sessions_app.state.view import Word
from tests import factories as make

DOCS = BASE_DIR / "docs"
OF_PROMETHEUS = {"up"}
CHOSEN = re.compile(r"\{[^}]*\}")
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((DOCS / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]  # fmt: skip
DASHBOARD: dict[str, Any] = json.loads((DOCS / "grafana" / "live-status.json").read_text())
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


@pytest.fixture
def scraped(db, monkeypatch) -> dict[str, set[str]]:
    """Every name of a scrape of a service that has everything, with the labels it has."""
    monkeypatch.setattr("sessions_app.health.broker.ASKED.broker", lambda: Broker("r:1", True, 1, 1))
    make.watcher()
    post = make.post(make.run(Word.DONE))
    Delivery.objects.create(post=post, at=time.time(), kind="edited", took_s=0.1, waited_s=1.0)
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(exposition(time.time()).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def names(expression: str) -> set[str]:
    """The figures that an expression asks for."""
    return set(re.findall(r"\b(?:livestatus_\w+|up)\b", CHOSEN.sub("", expression))) - OF_PROMETHEUS


def labels(expression: str) -> set[str]:
    """The labels that it asks of them."""
    chosen = [name for part in CHOSEN.findall(expression) for name in re.findall(r'(\w+)\s*=~?\s*"', part)]
    grouped = re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression)
    return {*chosen, *(name.strip() for group in grouped for name in group.split(",") if name.strip())}


def expressions() -> list[str]:
    return [target["expr"] for panel in PANELS for target in panel["targets"]] + [rule["expr"] for rule in RULES]


def test_every_figure_that_is_asked_for_is_in_a_scrape(scraped):
    assert expressions()
    for expression in expressions():
        assert names(expression) <= set(scraped), expression


def test_every_label_that_is_asked_for_is_on_one_of_the_figures(scraped):
    for expression in expressions():
        had = {label for name in names(expression) for label in scraped[name]} | {"instance", "job"}
        assert labels(expression) <= had, expression


def test_every_figure_of_a_scrape_is_shown_or_watched(scraped):
    asked = {name for expression in expressions() for name in names(expression)}
    assert set(scraped) - asked == {
        "livestatus_sessions_live", "livestatus_destination_quiet_seconds", "livestatus_disk_size_bytes",
    }  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule):
    assert re.fullmatch(r"LiveStatus[A-Za-z]+", rule["alert"])
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    for text in (rule["annotations"]["summary"], rule["annotations"]["description"]):
        assert text.endswith(".")
        assert len(text.split()) > 4


def test_alerts_have_names_of_their_own():
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_the_dashboard_lets_one_choose_where_its_figures_come_from():
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    assert "__inputs" not in DASHBOARD
    for panel in PANELS:
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {source["uid"] for source in sources} == {"${datasource}"}, panel["title"]


def test_its_panels_do_not_overlap():
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_the_page_about_them_names_the_files_and_every_alert():
    page = (DOCS / "monitoring.md").read_text()
    assert "grafana/live-status.json" in page
    assert "prometheus/alerts.yml" in page
    for name in names(page):
        assert name.rstrip("_") in "".join(expressions()), name
