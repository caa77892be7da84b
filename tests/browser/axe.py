"""axe-core on a page."""

from typing import Any, Literal

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")
SHOWN = 5
# Without `preload`: that puts a style into the page, which the policy forbids, for one rule about turned phones.
QUIETLY: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
# What a scheme changes: in the second one only this can be wrong that was right in the first.
COLOURS = ("color-contrast", "link-in-text-block")
# A colour that is on its way from one scheme to the other is neither.
SETTLED = """() => Promise.all(document.getAnimations()
  .filter((each) => each.effect.getComputedTiming().endTime !== Infinity).map((each) => each.finished))"""


def nothing_serious(page: Page) -> None:
    """Fail for what axe-core calls serious or critical, in light and in dark, contrast of colours included."""
    axe = Axe()
    _settle(page, "light")
    found = [_told(each, "light") for each in _violations(axe.run(page, options=QUIETLY))]
    _settle(page, "dark")
    colours = QUIETLY | {"runOnly": {"type": "rule", "values": COLOURS}}
    found += [_told(each, "dark") for each in _violations(axe.run(page, options=colours))]
    assert not found, f"{page.url}\n" + "\n".join(found)


def _settle(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(SETTLED)


def _violations(results: AxeResults) -> list[dict[str, Any]]:
    return [each for each in results.response["violations"] if each["impact"] in SERIOUS]


def _told(violation: dict[str, Any], scheme: str) -> str:
    nodes = violation["nodes"]
    lines = [f"{violation['impact']} in {scheme}: {violation['help']} ({violation['id']}), {len(nodes)} times"]
    for node in nodes[:SHOWN]:
        lines.append(f"    {' '.join(map(str, node['target']))}\n      {node['html'][:200]}")
        checks = [*node["any"], *node["all"], *node["none"]]
        lines += [f"      {check['message']}" for check in checks]
    return "\n".join(lines)
