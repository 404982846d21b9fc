PYTHON ?= python3
BIN := .venv/bin
# What delivers, signs in and lets in: every branch of it is tested.
VITAL := chatapp/gateway/* chatapp/realtime/hub.py \
  $(patsubst %,chatapp/storage/%.py,batch checksum database sqlite sqlite_engine whole health hot journal mark tail) \
  $(patsubst %,chatapp/domain/%.py,access accounts links memberships messages passwords sign_in tickets) \
  $(patsubst %,chatapp/web/%.py,csrf identity origins session)
# With each change what races with the database, and of all files but the browser's one of 24, others with each commit:
# everything on both engines (ALL=1) would take CI more than 20 minutes.
PARTS := 24
PART := $(shell printf '%d' 0x$$(git rev-parse --short=4 HEAD 2>/dev/null || echo 0))
IN_TURN = $(shell ls tests/test_*.py tests/*/test_*.py | grep -v ^tests/e2e | awk '(NR + $(PART)) % $(PARTS) == 0')
ON_POSTGRES := tests/faults/test_kill.py $(patsubst %,tests/%,postgres storage domain model jobs) \
  $(patsubst %,tests/gateway/test_%.py,between_steps endings races subscriptions withdrawn_credentials) \
  $(patsubst %,tests/web/test_%.py,api_messages withdrawn_meanwhile)
# One after the other: an hour of them in one process has ended in CPython's own tracing, for ever.
COVERED := $(filter-out tests/e2e/ tests/postgres/ tests/support/ tests/__pycache__/,$(wildcard tests/*/)) 'tests/test_*.py'
COVERAGE := $(BIN)/python -m coverage
OF_THE_VITAL := --include="$$(echo '$(strip $(VITAL))' | tr ' ' ,)"
.DEFAULT_GOAL := help
# Where it is set, each of the hundreds of servers that tests start would compile all of the chat anew: 0.3 s.
export PYTHONDONTWRITEBYTECODE :=
.PHONY: help serve test test-server test-postgres e2e faults mutants fuzz soak bench coverage check lint types format docs language migration advisories outdated sbom wheel clean

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 16

serve: .venv/run ## Start the chat on http://127.0.0.1:8080 (CHATAPP_HOST, CHATAPP_PORT)
	@exec $(BIN)/python -m chatapp serve

test: .venv/dev ## Run the whole suite on SQLite, browser tests included (ARGS="-k rooms")
	$(BIN)/python -m pytest $(ARGS)

test-postgres: .venv/dev ## Run on a PostgreSQL server what races with it and a part of the rest (PART=7), or everything (ALL=1; CHATAPP_TEST_POSTGRES=url)
	CHATAPP_TEST_ENGINE=postgres $(BIN)/python -m pytest $(if $(ALL),,$(ON_POSTGRES) $(IN_TURN)) $(ARGS)

test-server: .venv/dev ## Run everything but the browser tests (ARGS="-k rooms")
	$(BIN)/python -m pytest --ignore tests/e2e $(ARGS)

e2e: .venv/dev ## Run the browser tests only (ARGS="-k reload")
	$(BIN)/python -m pytest tests/e2e $(ARGS)

faults: .venv/dev ## Run the fault tests at full length, with their figures (ARGS="-k kill")
	CHATAPP_TEST_LONG=1 $(BIN)/python -m pytest tests/faults -s $(ARGS)

mutants: .venv/dev ## Build ten wrong versions and show which test notices each
	$(BIN)/python -m tests.faults.mutants

fuzz: .venv/dev ## Throw ten minutes of bad input at a running server (ARGS="--seconds 60 --seed 7")
	$(BIN)/python -m tests.fuzz $(ARGS)

soak: .venv/dev ## Let 500 clients come and go for hours and watch memory (ARGS="--hours 1")
	$(BIN)/python -m tests.soak $(ARGS)

bench: .venv/run ## Compare with other chats on this machine (ARGS="--scenario ingest"; bench/README.md)
	$(BIN)/python -m bench $(ARGS)

coverage: .venv/dev ## Say which branches the tests without a browser do not reach: 95 % overall, 100 % where it delivers and lets in
	$(COVERAGE) erase && for part in $(COVERED); do $(COVERAGE) run -m pytest -q $$part $(ARGS) || test $$? = 5 || exit 1; done
	CHATAPP_TEST_ENGINE=postgres $(COVERAGE) run -m pytest -q tests/postgres $(ARGS) || test $$? = 5
	$(COVERAGE) combine --quiet && $(COVERAGE) report --fail-under=95 && $(COVERAGE) report $(OF_THE_VITAL) --fail-under=100

check: ## Everything CI runs, side by side: the browser, both engines, lint, types, and the mutants
	$(MAKE) --jobs=3 --output-sync=target e2e test-server lint types test-postgres mutants

lint: .venv/dev ## Check style and templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint templates --lint --quiet

types: .venv/dev ## Check types
	$(BIN)/python -m mypy

format: .venv/dev ## Put the code into the project's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/dev ## Rewrite the reference pages that come from the code
	$(BIN)/python docs/reference.py

language: .venv/dev ## Take new words into the catalogues in locales/, say what lacks a translation, and compile them
	$(BIN)/python locales/renew.py

migration: .venv/dev ## Write a migration from the difference to the schema (NAME="0003_reactions")
	$(BIN)/python migrations/new.py "$(NAME)"

advisories: ## Ask PyPI for known holes in the libraries of requirements.lock; fails on one, and on no answer
	test -x .venv/advisories/bin/pip-audit || $(PYTHON) -m venv --clear .venv/advisories
	.venv/advisories/bin/python -m pip install --quiet --disable-pip-version-check 'pip-audit>=2.10'
	.venv/advisories/bin/pip-audit --strict --disable-pip --requirement requirements.lock

outdated: ## Ask the index which libraries have newer releases, and since when; fails where one is behind for too long, and on no answer
	test -x .venv/outdated/bin/pip || $(PYTHON) -m venv --clear .venv/outdated
	.venv/outdated/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=26.3' 'packaging>=26'
	.venv/outdated/bin/python -m deploy.outdated

sbom: ## List the libraries of a chat in dist/chatapp.cdx.json (CycloneDX)
	mkdir -p dist
	$(PYTHON) -m deploy.sbom > dist/chatapp.cdx.json

wheel: .venv/run ## Build dist/chatapp-*.whl, and the list of its libraries beside it
	rm -rf build dist
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .
	$(MAKE) sbom

clean: ## Remove everything that was built; data/ stays
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

.venv/run: setup.cfg pyproject.toml
	test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/dev: setup.cfg pyproject.toml
	test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/run
