# Each command makes what it needs first. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help book test test-class test-firefox test-hub test-lab test-newest test-pages lab lint types chapters website bench faults assignments grade hub lock clean

PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export OMP_NUM_THREADS ?= 1
READY := .venv/ready
NODE := node_modules/.package-lock.json
HUB := .venv/hub/ready
BUILD := jupyter-book build . -W --keep-going -n

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: $(READY) ## build the book and say how to open it
	$(BUILD)
	@echo; echo "The book is in $(CURDIR)/_build/html/index.html"
	@echo "Open it in any browser: no server and no network are needed. For example:"
	@echo "  $(PYTHON) -m webbrowser _build/html/index.html"

test: $(READY) $(NODE) ## check everything: code, chapters, pages
	@failed=; \
	for part in lint types chapters website; do \
	  $(MAKE) --no-print-directory $$part || failed="$$failed $$part"; \
	done; \
	echo "== tests"; \
	CHROMIUM=$$(python website/chromium.py --install) pytest tests -n 2 || failed="$$failed tests"; \
	[ -z "$$failed" ] || { echo "These parts failed:$$failed"; exit 1; }

test-hub: $(HUB) ## a class on a real JupyterHub; `make test` leaves this out
	pytest tests/hub -x

test-class: $(READY) ## grade a class of 60, kill it in the middle, go on; `make test` leaves this out
	pytest tests/classroom/class_of_sixty.py -s

test-lab: $(READY) ## every chapter in a real JupyterLab; `make test` leaves this out
	CHROMIUM=$$(python website/chromium.py --install) pytest tests/lab -n 2

test-pages: $(READY) ## every page in four modes for a screen reader; `make test` has each in one
	CHROMIUM=$$(python website/chromium.py --install) pytest tests/browser/pages_in_all_modes.py -n 2

test-firefox: $(READY) ## every page in the Firefox of this machine; `make test` leaves this out
	$(BUILD)
	pytest tests/firefox

lab: $(READY) ## open the chapters in JupyterLab
	jupyter lab --notebook-dir=book

lint: $(READY) $(NODE) ## style, format, stored outputs, and all about the JavaScript
	@echo "== lint"
	ruff check .
	ruff format --check .
	nbstripout --verify --keep-id book/*.ipynb assignments/*/*.ipynb
	npm run --silent check

types: $(READY) ## type annotations
	@echo "== types"
	mypy

chapters: $(READY) ## run every chapter as a test
	@echo "== chapters"
	PYTHONWARNINGS=error::UserWarning pytest --nbval-lax book -n 2 --dist loadfile

website: $(READY) ## build all pages anew; any warning is an error
	@echo "== website"
	rm -rf _build/html _build/.doctrees
	$(BUILD)

bench: $(READY) ## our code beside the usual libraries; the book's figures, pages and build
	$(BUILD)
	CHROMIUM=$$(python website/chromium.py --install) python -m benchmarks

faults: $(READY) $(NODE) ## put faults into copies, one at a time: which do the tests miss? [ONLY=part of a name]
	CHROMIUM=$$(python website/chromium.py --install) python -m faults $(if $(ONLY),--only "$(ONLY)")

assignments: $(READY) ## make the students' versions: _assignments/release, book/assignments
	python -m classroom.course --pages book/assignments

WORKERS ?= 2
grade: $(READY) ## grade a class: make grade ASSIGNMENT=lstm_step SUBMISSIONS=folder-or-zip
	@test -n "$(ASSIGNMENT)" -a -n "$(SUBMISSIONS)" || { \
	  echo "Say what to grade: make grade ASSIGNMENT=lstm_step SUBMISSIONS=folder-or-zip [WORKERS=2] [PLAIN=1]"; exit 2; }
	python -m classroom.grade "$(ASSIGNMENT)" "$(SUBMISSIONS)" -j $(WORKERS) $(if $(PLAIN),--plain)

hub: $(HUB) ## start a JupyterHub for a class, as classroom/hub/hub.toml says
	jupyterhub -f classroom/hub/jupyterhub_config.py

COMPILE := pip-compile --quiet --strip-extras --allow-unsafe --no-annotate --no-header --no-emit-index-url \
  --no-emit-trusted-host --no-emit-find-links
lock: $(READY) ## write requirements.txt and requirements-hub.txt anew from their .in files
	$(COMPILE) --output-file=requirements.txt requirements.in
	sed -i.old 's/+cpu$$//' requirements.txt && rm requirements.txt.old  # the public index has no +cpu
	$(COMPILE) --output-file=requirements-hub.txt requirements-hub.in

test-newest: $(READY) ## test with the newest versions that requirements.in allows, in a copy; half an hour at most
	rm -rf _newest && git clone --quiet . _newest
	cd _newest && $(COMPILE) --upgrade --output-file=requirements.txt requirements.in \
	  && sed -i.old 's/+cpu$$//' requirements.txt && $(MAKE) test PYTHON=$(abspath .venv/bin/python)

clean: ## remove the built pages, the copy of test-newest and all caches, but not .venv
	rm -rf _build _newest .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed; choose one by: make PYTHON=python3.12')"
	$(PYTHON) -m venv .venv
	python -m pip install --progress-bar on -r requirements.txt
	python -m pip install --quiet --no-deps -e .
	@touch $@

$(NODE): package.json package-lock.json $(READY)
	npm ci --no-audit --no-fund
	@touch $@

$(HUB): requirements-hub.txt classroom/hub/package.json classroom/hub/package-lock.json $(READY)
	python -m pip install --quiet -r requirements-hub.txt
	mkdir -p $(@D) && cp classroom/hub/package.json classroom/hub/package-lock.json $(@D)
	npm ci --no-audit --no-fund --prefix $(@D)
	@touch $@
