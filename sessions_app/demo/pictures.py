"""``python -m sessions_app.demo.pictures``: plays the demo and takes the pictures of the README.

All of them show one moment: an approval is waited for while sub-agents work on the third level.
"""

import argparse
import contextlib
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

from livestatus_site.parse import BASE_DIR

IMAGES = BASE_DIR / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-first-run", "--hide-scrollbars")  # fmt: skip
WIDE, NARROW = (1440, 900), (390, 844)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
MOST_BYTES = 250_000
DEEPEST = "try-3f2c1ab"
MOMENT = (r"needs you", rf"(⚙️|💭) [^·]*{DEEPEST}")
"""What the posts say at the moment: the run that asks, and the sub-agent that is the deepest."""
WITHIN_S = 240.0  # a round takes a minute and a half


def main() -> None:
    """Play, wait for the moment, take the pictures, end the demo."""
    parser = argparse.ArgumentParser(prog="python -m sessions_app.demo.pictures", description=__doc__)
    parser.add_argument("--to", type=Path, default=IMAGES, help="folder of the pictures (default: docs/images)")
    to: Path = parser.parse_args().to
    to.mkdir(parents=True, exist_ok=True)
    with demo() as (channel, entrance), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        pages = {
            f"{name}-{scheme}": opened(browser, address, scheme, WIDE)
            for name, address in (("channel", channel), ("board", entrance))
            for scheme in SCHEMES
        }
        pages["channel-phone"] = opened(browser, channel, "light", NARROW)
        wait_for_the_moment(channel)
        for name, page in pages.items():
            if name.startswith("channel"):
                page.locator(".thread", has_text=DEEPEST).last.evaluate("(thread) => thread.scrollIntoView()")
            take(page, to / f"{name}.png")
        for scheme in SCHEMES:
            take_run(pages[f"board-{scheme}"], to / f"run-{scheme}.png")
        browser.close()


@contextlib.contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """A demo that plays; the addresses of its channel, and of the entrance to its board."""
    process = subprocess.Popen(
        (sys.executable, "-u", "manage.py", "demo"), cwd=BASE_DIR, stdout=subprocess.PIPE, text=True
    )
    try:
        yield addresses(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def addresses(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """Read what it says until both are known."""
    found: dict[str, str] = {}
    for line in process.stdout or ():
        if match := re.match(r"\s+(Channel|Board)\s+(http://\S+)", line):
            found[match[1]] = match[2]
        if len(found) == 2:
            return found["Channel"], found["Board"]
    raise SystemExit("The demo has not started; `make demo` says why.")


def opened(browser: Browser, address: str, scheme: Scheme, size: tuple[int, int]) -> Page:
    """A page in a browser of its own."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address)
    return page


def wait_for_the_moment(channel: str) -> None:
    """Until the posts say all of it at once."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        texts = [post["html"] for thread in threads(channel) for post in thread["posts"]]
        if all(any(re.search(part, text) for text in texts) for part in MOMENT):
            return
        time.sleep(0.2)
    raise SystemExit(f"The moment has not come within {WITHIN_S:.0f} s: {' and '.join(MOMENT)}.")


def threads(channel: str) -> list[dict[str, Any]]:
    """What the channel's page shows."""
    with urllib.request.urlopen(f"{channel}posts.json", timeout=10) as answer:  # noqa: S310 (our own address)
        found: list[dict[str, Any]] = json.load(answer)["threads"]
    return found


def take(page: Page, path: Path) -> None:
    """A picture as it is now."""
    path.write_bytes(page.screenshot())
    size = path.stat().st_size
    sys.stdout.write(f"{path.name}  {size // 1000} KB\n")
    if size > MOST_BYTES:
        raise SystemExit(f"{path} has {size} bytes, more than a README should load ({MOST_BYTES}).")


def take_run(board: Page, path: Path) -> None:
    """The page of the run with the deepest sub-agent, if this version has one."""
    links = board.locator(".tree", has_text=DEEPEST).locator(".run.root a[id^='run-']")
    number = (links.first.get_attribute("id") or "").removeprefix("run-") if links.count() else ""
    answer = board.goto(f"{board.url}runs/{number}/") if number else None
    if answer is None or not answer.ok:
        sys.stdout.write(f"{path.name}  left out: there is no page of the run\n")
        return
    take(board, path)


if __name__ == "__main__":
    main()
