# Everything installs from the hashed lock file. `make report` and `make test` set up what they need.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: report test lint lab bench bench-ingest bench-consent docs lock browser servers sample golden clean help

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /: /'

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed: run make with PYTHON=python3.11")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

report: .venv/ready ## Audit the sample exports and write reports/2018-Q3/report.html
	$(BIN)/privacy-audit run data_samples --period 2018-Q3 --compare-to 2018-Q2 --with-texts

test: .venv/ready browser servers ## Run all tests
	$(BIN)/python -m pytest --nbval --numprocesses 2 --dist loadfile --quiet tests tests/golden/20_rights_requests.ipynb tests/golden/90_compliance_report.ipynb

lint: .venv/ready ## Style, types, imports between floors, portable SQL
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m audit_lib.portable_sql

lab: .venv/ready ## Open the notebooks in JupyterLab
	$(BIN)/jupyter lab --config=notebooks/jupyter_server_config.py notebooks

bench-ingest: .venv/ready ## Time and memory of ingest against DuckDB's own read of the same 20 million rows
	$(BIN)/python benchmarks/ingest.py

bench-consent: .venv/ready ## Time of consent_coverage against polars and pandas on the same 20 million events
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r benchmarks/requirements.lock
	$(BIN)/python -m benchmarks.consent

bench: .venv/ready ## Time all measures against a plain scan of 20 million events
	$(BIN)/python benchmarks/measures.py

browser: ## Install Chromium for the browser tests, where that can be done
	@command -v chromium > /dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && \
	  apt-get update -qq && apt-get install -y -qq chromium > /dev/null; } || \
	  echo "Chromium is missing and cannot be installed from here: the browser tests will fail. Install the package 'chromium'."

servers: ## Install PostgreSQL and MariaDB for the tests of databases, where that can be done
	@{ ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || command -v initdb > /dev/null; } && PATH="$$PATH:/usr/sbin" command -v mariadbd > /dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql mariadb-server > /dev/null; } || \
	  echo "Database servers are missing and cannot be installed from here: tests/ingest/test_databases.py will fail. Install the packages 'postgresql' and 'mariadb-server'."

sample: .venv/ready ## Make data_samples/ again
	$(BIN)/privacy-audit sample data_samples

docs: .venv/ready ## Make the reference pages of docs/ from the definitions
	$(BIN)/python -m audit_lib.reference_docs docs

lock: .venv/ready ## Resolve the lock files again; no index addresses in them
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --all-extras --output-file requirements.lock
	$(BIN)/uv --no-config pip compile pyproject.toml --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --all-extras --output-file requirements-conda.lock
	$(BIN)/uv pip compile benchmarks/requirements.in --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --output-file benchmarks/requirements.lock

golden: .venv/ready ## Write the golden figures of the samples anew; say in CHANGELOG.md what moved and why
	WRITE_GOLDEN=1 $(BIN)/python -m pytest --quiet tests/test_samples_audit.py -k golden_file
	$(BIN)/python tests/golden_notebooks.py

clean: ## Remove the environment and caches
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache
