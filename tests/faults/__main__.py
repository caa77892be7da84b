"""`python -m tests.faults`: rounds of faults on real processes. Prints what went wrong by seed; 1 if anything did."""

import argparse
import random
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.faults.rounds import Plan, Round, small


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeat the round with this seed; without it: a new one")
    parser.add_argument("--rounds", type=int, default=1, help="rounds, each with its own seed")
    parser.add_argument("--runs", type=int, help="runs of a round, at least (300)")
    parser.add_argument("--workers", type=int, help="Celery workers; 0: the watcher publishes by itself (2)")
    parser.add_argument("--small", action="store_true", help="the round that CI plays")
    parser.add_argument("--keep", action="store_true", help="keep the folders of rounds: logs, stores, databases")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    bad: list[int] = []
    for number in range(options.rounds):
        plan = small(seed + number) if options.small else Plan(seed=seed + number)
        given = {name: getattr(options, name) for name in ("runs", "workers") if getattr(options, name) is not None}
        print(f"round {number + 1} of {options.rounds}, seed {plan.seed}", flush=True)
        if not _play(replace(plan, **given), keep=options.keep):
            bad.append(plan.seed)
            small_too = " --small" if options.small else ""
            print(f"To repeat it: python -m tests.faults --seed {plan.seed}{small_too}", flush=True)
    print(f"{options.rounds - len(bad)} of {options.rounds} rounds went well." + (f" Bad seeds: {bad}" if bad else ""))
    return 1 if bad else 0


def _play(plan: Plan, *, keep: bool) -> bool:
    folder = Path(tempfile.mkdtemp(prefix="live-status-faults-"))
    report = Round(plan, folder).play()
    print(report, flush=True)
    well = not report.verdict.complaints
    if keep:
        print(f"Logs and databases are in {folder}", flush=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return well


if __name__ == "__main__":
    sys.exit(main())
