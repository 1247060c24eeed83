# Everything a newcomer needs: `make demo` and `make test`. Each sets up .venv first, with what it needs and no more.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check reference leaderboard bench clean

demo: .venv/package
	$(BIN)/vaebench run --preset quick --archs mlp --out runs/demo
	$(BIN)/vaebench leaderboard --preview runs/demo

test: .venv/test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto

check: .venv/check
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n 0 tests/test_floors.py

reference: .venv/package
	$(BIN)/vaebench run --preset standard --out reference_results

leaderboard: .venv/package
	$(BIN)/vaebench leaderboard

bench: .venv/bench
	$(BIN)/asv machine --yes
	$(BIN)/asv run --python=same --quick --set-commit-hash $$(git rev-parse HEAD)

clean:
	rm -rf .venv runs .asv

.venv/bin/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'vaebench needs Python 3.11 or newer')"
	$(PYTHON) -m venv .venv

.venv/package: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/test: .venv/package
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

.venv/check: .venv/test
	$(BIN)/python -m pip install --quiet --editable ".[lint]"
	touch $@

.venv/bench: .venv/package
	$(BIN)/python -m pip install --quiet --editable ".[bench]"
	touch $@
