# Everything one needs: `make run` and `make test`. Each makes .venv when it is missing.

PYTHON ?= python3
ARGS ?=
BIN = .venv/bin

# Images of containers set this. Each process then compiles the hub anew, a third of what a round by hand takes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run demo test lint bench messages wheel clean

help:
	@echo "make run     install and run the hub on feeds.yaml   (ARGS='--port 8099' reaches the command)"
	@echo "make demo    show a sample network, on this machine alone"
	@echo "make test    install what the tests need and run them"
	@echo "make lint    formatting, lint, types, the table of imports"
	@echo "make bench   measure polling, serving and growing, in one table, and draw the curves"
	@echo "make messages  collect the pages' words for translators, into hub/translations/*.po"
	@echo "make wheel   build dist/*.whl"

run: .venv/run
	@$(BIN)/hub run $(ARGS)

demo: .venv/run
	@$(BIN)/hub demo $(ARGS)

test: .venv/test
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Drawn with a virtual environment of its own: matplotlib brings NumPy, which sqlite-utils loads
# wherever it finds it, and an installation, whose start is in what is measured, has none.
bench: .venv/bench .venv/plots
	@rm -f build/bench*
	@$(BIN)/python -m bench $(ARGS)
	@test ! -f build/bench.json || .venv/plotting/bin/python -m bench.draw build/bench.json

# A new language: make messages LANGUAGE=ga
messages: .venv/run
	@mkdir -p build
	@$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --add-location file --sort-by-file --project news-hub --version 1 --width 110 --output build/messages.pot .
	@test -z "$(LANGUAGE)" || $(BIN)/pybabel --quiet init --input-file build/messages.pot --output-file hub/translations/$(LANGUAGE).po --locale $(LANGUAGE) --width 110
	@for file in hub/translations/*.po; do \
		$(BIN)/pybabel --quiet update --input-file build/messages.pot --output-file $$file --locale $$(basename $$file .po) \
			--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 110 || exit 1; \
	done

wheel: .venv/test
	rm -rf dist
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf .venv dist build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage

# ---------------------------------------------------------------- the virtual environment

.venv/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install Python 3.11 or later (Debian: apt install python3 python3-venv)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: install Python 3.11 or later, or name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing: on Debian, apt install python3-venv."; exit 1; }
	@echo "Making .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@touch $@

.venv/run: .venv/python pyproject.toml
	@echo "Installing the hub into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/plots: .venv/python pyproject.toml
	@echo "Installing what draws curves into .venv/plotting ..."
	@$(BIN)/python -m venv .venv/plotting
	@.venv/plotting/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@.venv/plotting/bin/python -m pip install --quiet --disable-pip-version-check --group plots
	@touch $@

.venv/test .venv/lint .venv/bench: .venv/run
	@echo "Installing what 'make $(@F)' needs into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group $(@F)
	@touch $@
