# The targets are for people: each is one line to a script or a tool. `make` alone shows them.

PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup demo run screenshots test faults soak lint format bench e2e-openclaw lock clean

help:  ## show this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup:  ## make the virtual environment, or bring it up to date
	@scripts/setup.sh

demo:  ## see what this is in a minute, without OpenClaw and Mattermost
	@scripts/demo.sh

run:  ## start everything: board, watcher and, with REDIS_URL, a worker
	@scripts/run.sh

test:  ## run the tests; TESTS='tests/site -k env' runs some of them
	@scripts/test.sh $(TESTS)

faults:  ## kill, hang and break everything while 300 runs are shown; SEED=7 repeats a round
	@scripts/faults.sh $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS)) $(if $(ROUNDS),--rounds $(ROUNDS))

soak:  ## 100 rounds of that, some hours; ROUNDS=10 makes it ten
	@scripts/faults.sh --rounds $(or $(ROUNDS),100) $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS))

lint:  ## check style, types and the walls between the rooms
	@scripts/lint.sh

format:  ## put the code into the style that lint wants
	@scripts/setup.sh dev
	$(PYTHON) -m ruff check --fix --quiet .
	$(PYTHON) -m ruff format --quiet .

bench:  ## measure how long a line takes to become an edit
	@scripts/setup.sh
	@$(PYTHON) -m tests.bench

e2e-openclaw:  ## play on a real OpenClaw from npm, and look at the posts; E2E_RELEASES, E2E_DIR
	@scripts/e2e-openclaw.sh

screenshots:  ## take the pictures of the README from the demo
	@scripts/screenshots.sh

lock:  ## rewrite the lock files from requirements.in and requirements-dev.in
	@scripts/lock.sh

clean:  ## remove what was built; var, where your data is, stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find livestatus_site sessions_app tests -name __pycache__ -type d -prune -exec rm -rf {} +
