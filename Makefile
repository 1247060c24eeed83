# Everything a newcomer needs: `make demo` and `make test`. Each sets up .venv first, with what it needs and no more.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check reference reference-left reference-claims reference-networks leaderboard bench site site-links look clean

demo: .venv/package
	$(BIN)/vaebench run --preset quick --archs mlp --variants vae,linear_vae --seeds 2 --out runs/demo
	$(BIN)/vaebench leaderboard --preview runs/demo

test: .venv/test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto

check: .venv/check
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n 0 tests/test_floors.py

# The reference population: `make reference-left` says what is left and how long it takes. Each line can be stopped and
# goes on, and leaves out the records that are there.
# RELATED declare the weight of their KL, without which the exact relations of Nakagawa's task say nothing.
MAIN := vae,beta_vae,sigma_vae,complex_vae,kahler_vae
RELATED := vae,beta_vae,linear_vae,decomposed_vae,sigma_vae,complex_vae,pair_tied_vae
GRADED := beta_vae,annealed_vae,beta_tcvae,dip_vae_ii
RUN = $(BIN)/vaebench run --preset standard --out reference_results --missing $(DRY)
IMAGES := camuto2021_variance_frequency,camuto2021_input_noise,gracyk2025_kahler_sampling

reference: reference-left reference-claims reference-networks

reference-left: .venv/package
	$(MAKE) --no-print-directory reference-claims reference-networks DRY=--dry-run

reference-claims: .venv/package
	$(RUN) --tasks $(IMAGES) --archs mlp
	$(RUN) --tasks nakagawa2021_posterior_isometry --archs mlp --variants $(RELATED)
	$(RUN) --tasks bonheme2022_encoder_first --archs conv --variants $(GRADED)
	$(RUN) --tasks bonheme2022_encoder_first --archs mlp --variants vae,beta_vae,linear_vae,decomposed_vae

reference-networks: .venv/package
	$(RUN) --tasks $(IMAGES) --archs conv,resnet --variants $(MAIN)
	$(RUN) --tasks nakagawa2021_posterior_isometry --archs conv,resnet --variants vae --datasets digits

leaderboard: .venv/package
	$(BIN)/vaebench leaderboard

site: .venv/site
	PYTHONPATH=docs $(BIN)/python -m vaesite site

# Links to other sites change without us, so no test follows them.
site-links: .venv/site
	PYTHONPATH=docs $(BIN)/python -m vaesite build/site-links --work build/site-links-work --builder linkcheck

# The site in a real browser: chromium and chromedriver (Debian: apt-get install chromium chromium-driver). Pictures: runs/look.
look: .venv/look
	LOOK_OUT=runs/look OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 0 -m look -rs tests/site

bench: .venv/bench
	$(BIN)/asv machine --yes
	$(BIN)/asv run --python=same --quick --set-commit-hash $$(git rev-parse HEAD)

clean:
	rm -rf .venv .asv site build/site

.venv/bin/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'vaebench needs Python 3.11 or newer')"
	$(PYTHON) -m venv .venv

.venv/package: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/test: .venv/package
	$(BIN)/python -m pip install --quiet --editable ".[test,adapters,site]"
	touch $@

.venv/check: .venv/test
	$(BIN)/python -m pip install --quiet --editable ".[lint]"
	touch $@

.venv/site: .venv/package
	$(BIN)/python -m pip install --quiet --editable ".[site]"
	touch $@

.venv/look: .venv/site
	$(BIN)/python -m pip install --quiet --editable ".[test,look]"
	touch $@

.venv/bench: .venv/package
	$(BIN)/python -m pip install --quiet --editable ".[bench]"
	touch $@
