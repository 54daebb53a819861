PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.PHONY: run test check demo bench chaos clean

run: $(INSTALLED)
	@$(BIN)/kitledger welcome
	@exec $(BIN)/kitledger serve

# More processes than processors, since many tests wait for servers. By worksteal, since pytest-xdist 3.8
# runs on for ever by loadfile once a test has ended its process.
# Hundreds of processes share the compiled modules.
unexport PYTHONDONTWRITEBYTECODE
SPREAD := -n 3 --dist worksteal

test: $(INSTALLED)
	$(BIN)/python -m pytest $(SPREAD)

# The same tests with longer searches, and with coverage, which slows them down.
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

# Without libfaketime, which has no wheel for every machine, one fault is skipped.
chaos: $(INSTALLED)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[chaos]'
	$(BIN)/python -m chaos

clean:
	rm -rf .venv data .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

# Installed again when the dependencies change.
$(INSTALLED): setup.cfg pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@
