PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: run test check demo bench chaos clean

run: $(INSTALLED)
	@$(BIN)/kitledger welcome
	@exec $(BIN)/kitledger serve

# More processes than processors, for many tests wait for servers to start or to stop.
SPREAD := -n 4 --dist loadfile

test: $(INSTALLED)
	$(BIN)/python -m pytest $(SPREAD)

# The same tests with longer searches, and measured, which slows the servers down too.
check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	KITLEDGER_TESTS=long $(BIN)/python -m pytest $(SPREAD) -o faulthandler_timeout=600 \
		--cov --cov-report=term

demo: $(INSTALLED)
	@$(BIN)/python -m benchmarks.demo

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

chaos: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[chaos]'
	$(BIN)/python -m chaos

clean:
	rm -rf .venv data .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

# Installed once; again when what the project needs has changed.
$(INSTALLED): setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@
