# A few commands to remember: make demo, make test, make lint, make bench, make docs.
# Each makes the environment it needs (.venv, from requirements.lock) and starts at once when it is there.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; \
	done)
RUN := .venv/bin
DEMO_OUT ?= electrodej-demo
DEMO_OPTIONS ?=
TESTS ?=
TEST_JOBS ?= 2
# A process of tests that dies ends the run: its replacement can wait for work for ever (pytest-xdist 3.8).
PYTEST = $(RUN)/python -m pytest -n $(TEST_JOBS) --dist loadfile --max-worker-restart 0
FUZZ_SECONDS ?= 3600

.PHONY: help env demo test test-fast fuzz lint format bench docs models fiji-zip update-site lock clean

help:
	@echo "make demo    measure a synthetic electrode from end to end; ends by naming the report"
	@echo "make test    all tests (TESTS=tests/volume for some of them; WHOLE=1 fails where any cannot run)"
	@echo "make test-fast  those that take no time: about three and a half minutes on two cores"
	@echo "make fuzz    read damaged files for an hour (FUZZ_SECONDS=600 for less)"
	@echo "make lint    style and types"
	@echo "make bench   every benchmark, as ratios against a peer in the same run"
	@echo "make docs    the documentation, in site/"
	@echo "make fiji-zip  one archive to drag into a Fiji folder, in dist/"
	@echo "make models  train, export, verify and score networks of sections anew, on a processor (a few hours)"
	@echo "make lock    resolve requirements.lock anew (needs uv)"

env:
	@if [ -z "$(PYTHON)" ]; then echo "ElectrodeJ needs Python 3.11 or newer; none was found on the PATH" >&2; exit 1; fi
	@"$(PYTHON)" tools/setup_env.py

demo: env
	@$(RUN)/electrodej demo --out $(DEMO_OUT) --force $(DEMO_OPTIONS)

test: env
	@$(RUN)/python tools/needs.py
	@$(PYTEST) $(if $(WHOLE),--nothing-left-out) $(TESTS)

test-fast: env
	@$(PYTEST) -m "not slow" $(TESTS)

fuzz: env
	@ELECTRODEJ_FUZZ_SECONDS=$(FUZZ_SECONDS) $(RUN)/python -m pytest tests/fuzz

lint: env
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/mypy

format: env
	@$(RUN)/ruff format .
	@$(RUN)/ruff check --fix .

bench: env
	@$(RUN)/python benchmarks/run.py

docs: env
	@NO_MKDOCS_2_WARNING=1 $(RUN)/mkdocs build --strict --quiet
	@echo "the documentation is in site/index.html"

models: env
	@$(RUN)/python tools/models/particles.py
	@$(RUN)/python tools/models/shapes.py
	@$(RUN)/python tools/models/phases.py

fiji-zip: env
	@$(RUN)/python tools/make_fiji_zip.py dist/electrodej-fiji.zip

update-site: env
	@$(RUN)/python tools/make_update_site.py dist/update-site

lock:
	uv pip compile --universal --python-version 3.11 --all-extras --group dev --generate-hashes --no-header \
		--quiet --upgrade pyproject.toml --output-file requirements.lock
	python3 tools/make_fiji_locks.py

clean:
	rm -rf .venv site dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
