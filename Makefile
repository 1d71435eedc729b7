# Everything a person or the build does here is a target. `make` alone lists them.
# Needs GNU make, and Python 3.11 or newer with its venv module. Nothing is installed outside this folder, but for
# two cases: as root on a Debian machine that lacks Python's venv package or a C compiler, setup installs them.

SHELL := /bin/sh
.SHELLFLAGS := -ec
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
# Or every process would read the files of the lexicon anew, which takes seconds; `make clean` takes away what they leave.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
CASES ?= tests/cases/dev_cases.jsonl
MODE ?= findings
PROTOCOL := src/equina/protocols/back_pain
RELEASED := tests/released/back_pain
BAR ?= 1
EACH ?= 600
PEOPLE ?= 100000
CALLS ?= 10000
TALKS ?= 1000
REPORT ?= build/evaluation
UV_VERSION := 0.13.9
MUTMUT_VERSION := 3.8.1
SKLEARN_VERSION := 1.9.1
JOBS ?= 2
PORT ?= 8642

BIN := .venv/bin
# --no-compile: of 1.4 GB of packages few modules are ever imported; those are compiled then.
PIP_FLAGS := -qq --no-input --no-compile --disable-pip-version-check
STEP := @printf '%-8s %s\n'

# The modules that decide: every branch of each is tested.
CORE := model case logic leaves tables entries crosscheck topics protocol implicants agenda triage interview explain continence exchange
comma := ,
empty :=
CORE_FILES := $(subst $(empty) $(empty),$(comma),$(CORE:%=src/equina/%.py))
# The tests that take every branch of those. They alone are measured by `make test`: measured, a test takes two to four times as long.
CORE_TESTS := $(patsubst %,tests/test_%.py,bad_lines bad_protocols core_edges exchange exchange_around interview logic result tables time_course)
# Two processes more than there are processors: many tests wait for a process of their own.
PYTEST := $(BIN)/python -m pytest -n $$(($$(nproc 2>/dev/null || echo 2) + 2)) --dist worksteal

# $$py: the first Python found that is new enough.
define find_python
py=; for c in '$(PYTHON)' python3 python3.14 python3.13 python3.12 python3.11; do \
  if "$$c" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then py=$$c; break; fi; \
done; \
if [ -z "$$py" ]; then \
  echo "setup: Equina needs Python 3.11 or newer; '$(PYTHON)' is $$('$(PYTHON)' --version 2>&1 || true)" >&2; \
  echo "       On Debian 12 or newer: apt-get install python3 python3-venv. Elsewhere: make setup PYTHON=/path/to/python3" >&2; \
  exit 1; \
fi
endef

# $(call new_venv,FOLDER): an empty virtual environment there.
define new_venv
$(find_python); \
has_venv() { "$$py" -c 'import ensurepip, venv' >/dev/null 2>&1; }; \
if ! has_venv; then \
  case "$${py##*/}" in python3.*) package=$${py##*/}-venv;; *) package=python3-venv;; esac; \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    echo "setup    Debian package $$package: Python's venv module is missing"; \
    export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes; \
    apt-get install -y -qq "$$package" >/dev/null 2>&1 || { \
      apt-get update -qq && apt-get install -y -qq "$$package" >/dev/null; } || true; \
  fi; \
  if ! has_venv; then \
    echo "setup: $$py has no venv or ensurepip module. On Debian: apt-get install $$package" >&2; exit 1; \
  fi; \
fi; \
echo "setup    $(1): $$("$$py" --version)"; \
"$$py" -m venv --clear $(1)
endef

.PHONY: help setup stories run browser java wrk checkers conformance test coverage pictures verify agree points prove diff released score evaluate bench mutation licences docs fuzz lint format lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.stamp  ## build .venv with the pinned tools and the package (what is already there is kept)
	@:

# --no-deps: a lock is whole. Left to look for `coverage[toml]` itself, older pips take the newest, which no lock has a hash of.
.venv/.locked: requirements.lock
	@[ -e .venv/.pages ] && [ ! -e $@ ] || { $(call new_venv,.venv); }
	$(STEP) setup "packages of requirements.lock, each checked against its hash: 1.4 GB, a few minutes the first time"
	@$(BIN)/python -m pip install $(PIP_FLAGS) --no-deps --require-hashes -r requirements.lock
	@touch $@

# Without a compiler the reader of notes is Python's, some ten times slower.
READER := $(wildcard src/equina/notes/native/*.[ch])
PACKAGE := pyproject.toml hatch_build.py $(READER)

define install_package
if ! command -v cc >/dev/null; then \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    echo "setup    Debian packages gcc, libc6-dev: the reader of notes is compiled"; \
    export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes; \
    apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null 2>&1 || { \
      apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null; } || true; \
  fi; \
  command -v cc >/dev/null || echo "setup    no C compiler here: notes are read by the slower reader" >&2; \
fi; \
echo "setup    equina itself, editable: .venv/bin/equina"; \
$(BIN)/python -m pip install $(PIP_FLAGS) --no-index --no-deps --no-build-isolation -e .
endef

.venv/.stamp: .venv/.locked $(PACKAGE)
	@$(install_package)
	@touch $@

# What the pages need and no more, so that they open in a minute; `make setup` adds the rest.
.venv/.pages: requirements-service.lock $(PACKAGE)
	@if [ -e .venv/.locked ]; then $(MAKE) setup; else \
	  [ -e $@ ] || { $(call new_venv,.venv); }; \
	  echo "setup    packages of requirements-service.lock, each checked against its hash: 160 MB"; \
	  $(BIN)/python -m pip install $(PIP_FLAGS) --no-deps --require-hashes -r requirements-service.lock; \
	  $(install_package); \
	fi
	@touch $@

stories:
	@$(find_python); PYTHONPATH=src "$$py" -m equina stories --short

run:  ## triage the shipped stories, then serve the pages and print their address, PORT=8642 (Ctrl-C stops them)
	$(STEP) run "what five invented people are told (none of them is you):"
	@$(MAKE) stories
	@$(MAKE) -s .venv/.pages
	@$(BIN)/equina serve --port '$(PORT)' || [ $$? = 130 ]

# $(1): a command that is missing; $(2): the Debian package that has it; $(3): what needs it; $(4): what is said where it can't be had.
# Installed as root on Debian.
define debian_package
if ! command -v $(1) >/dev/null; then \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    echo "setup    Debian package $(2): $(3)"; \
    export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes; \
    apt-get install -y -qq --no-install-recommends $(2) >/dev/null 2>&1 || { \
      apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2) >/dev/null; }; \
  else echo "setup    $(4)" >&2; fi; \
fi
endef

browser:  ## Chromium, with which the tests of the pages look at them; installed as root on Debian, where it is missing
	@command -v google-chrome >/dev/null || { $(call debian_package,chromium,chromium,the tests of the pages need a browser,no Chromium here: the tests of the pages are skipped); }

java:  ## Java 17 or newer, with which the tests begin a Spark cluster; installed as root on Debian, where it is missing
	@$(call debian_package,java,default-jre-headless,the tests of Spark need Java,no Java here: the tests of Spark are skipped)

wrk:  ## what calls the services as fast as they answer, for `make bench`; installed as root on Debian, where it is missing
	@$(call debian_package,wrk,wrk,the bench of the services calls them with it,no wrk here: the bench of the services leaves its rate out)

checkers: browser  ## what checks our FHIR and is not ours (Node packages, LHC-Forms: 120 MB), into tests/conformance; or why it can't be had
	@sh tests/conformance/install.sh

conformance: setup checkers  ## R4 by libraries that are not ours, and our questionnaire filled in by NLM's LHC-Forms, in a browser
	$(STEP) test "what we send as FHIR, by independent checkers"
	@$(PYTEST) tests/conformance

test: lint browser java checkers $(CORE:%=src/equina/%.py)  ## what must hold before a commit: lint, types, tests, fresh docs, proofs
	$(STEP) test "the core, every branch of it"
	@$(PYTEST) --cov --cov-report= $(CORE_TESTS)
	@$(BIN)/python -m coverage report --include='$(CORE_FILES)' --fail-under=100
	$(STEP) test "every other test, samples of the random ones (some minutes)"
	@$(PYTEST) $(CORE_TESTS:%=--ignore=%)
	$(STEP) docs "the generated pages are fresh"
	@$(BIN)/python -m equina.docs --check
	@$(MAKE) prove
	@$(MAKE) diff

verify: setup browser java checkers  ## the same tests with their full counts, and how sharp the proofs are
	$(STEP) verify "every test, full counts"
	@EQUINA_FULL=1 $(PYTEST)
	$(STEP) verify "each edit that makes the rules worse is refuted (about two minutes)"
	@$(BIN)/equina prove --mutants

coverage: setup browser java checkers  ## which lines of the whole package no test takes (half an hour)
	$(STEP) coverage "every test, measured"
	@$(PYTEST) --cov --cov-report=
	@$(BIN)/python -m coverage report

pictures: setup browser  ## take the pictures of README.md anew
	@$(BIN)/python tests/pictures.py

agree: setup  ## many people through every interpreter and every door: PEOPLE=100000; it goes on where it was stopped (about an hour)
	$(STEP) agree "$(PEOPLE) through what is quick, $(CALLS) through every service, $(TALKS) interviews at each"
	@PYTHONPATH=tests $(BIN)/python -m surfaces --doors here --people '$(PEOPLE)' --kept build/agree-here.json
	@PYTHONPATH=tests $(BIN)/python -m surfaces --doors network --people '$(CALLS)' --kept build/agree-network.json
	@PYTHONPATH=tests $(BIN)/python -m surfaces --doors interviews --people '$(TALKS)' --kept build/agree-interviews.json

mutation: setup .venv-mutation/.stamp  ## small faults put into the core one by one: do the tests notice? SAMPLE=200 of them, or all (hours)
	$(STEP) mutation "$(if $(SAMPLE),$(SAMPLE) mutants,every mutant) of the core"
	@PYTHONPATH=src .venv-mutation/bin/python tests/mutation.py --sample $(or $(SAMPLE),0) --jobs $(JOBS) --modules $(CORE)

points: setup .venv-points/.stamp  ## weigh the words of marked messages anew, by which unknown phrases are read (two minutes)
	$(STEP) points "src/equina/protocols/back_pain/points.toml"
	@PYTHONPATH=src .venv-points/bin/python tests/points.py

.venv-points/.stamp: Makefile
	@$(call new_venv,.venv-points)
	$(STEP) setup "scikit-learn $(SKLEARN_VERSION), which weighs the words"
	@.venv-points/bin/python -m pip install $(PIP_FLAGS) scikit-learn==$(SKLEARN_VERSION)
	@touch $@

.venv-mutation/.stamp: Makefile
	@$(call new_venv,.venv-mutation)
	$(STEP) setup "mutmut $(MUTMUT_VERSION), which makes the mutants"
	@.venv-mutation/bin/python -m pip install $(PIP_FLAGS) mutmut==$(MUTMUT_VERSION)
	@touch $@

prove: setup  ## prove the safety properties over every case
	$(STEP) prove "the safety properties"
	@$(BIN)/equina prove

diff: setup  ## whom the edits since the last release move; fails while a lowered emergency is not signed for
	$(STEP) diff "$(RELEASED) and $(PROTOCOL)"
	@$(BIN)/equina diff '$(RELEASED)' '$(PROTOCOL)' --accept tests/released/accepted.toml

licences: setup  ## write docs/licences.md anew, of the locks and what is installed
	$(STEP) licences "docs/licences.md docs/licences.toml"
	@$(BIN)/python tests/licences.py --from .venv .venv-bench .venv-docs .venv-fuzz

released:  ## keep the protocol as it now is as the last released one (then empty tests/released/accepted.toml)
	$(STEP) released "$(RELEASED)"
	@rm -rf '$(RELEASED)' && mkdir -p '$(RELEASED)'
	@cp -R $(PROTOCOL)/*.toml $(PROTOCOL)/codes '$(RELEASED)'
	@rm -f $(RELEASED)/cues*.toml $(RELEASED)/context*.toml $(RELEASED)/points.toml

score: setup  ## score the triage of vignettes: CASES=FILE, MODE=findings|patient|clinical|all, BAR=share of emergencies to be found
	$(STEP) score "$(CASES), $(MODE)"
	@$(BIN)/equina evaluate '$(CASES)' --mode '$(MODE)' --bar '$(BAR)'

evaluate: setup  ## the whole evaluation, attacks and 2,600 generated emergencies included; report in build/evaluation.html and .json
	$(STEP) evaluate "the shipped vignettes and the development cases: $(REPORT).html $(REPORT).json"
	@mkdir -p '$(dir $(REPORT))'
	@$(BIN)/equina evaluate src/equina/protocols/back_pain/vignettes/*.jsonl '$(CASES)' --attacks 3 --emergencies --bar 0 \
		--html '$(REPORT).html' --json '$(REPORT).json'

bench: setup java wrk .venv-bench/.stamp  ## every figure beside its peers: build/bench/report.md (an hour). SHORT=1: that it runs; FULL=1: full sizes
	$(STEP) bench "build/bench/report.md$(if $(SHORT), (short: that everything runs))"
	@$(BIN)/python bench/report.py $(if $(SHORT),--short) $(if $(FULL),--full) $(if $(ONLY),--only $(subst $(comma), ,$(ONLY)))

.venv-bench/.stamp: requirements-bench.lock pyproject.toml
	@$(call new_venv,.venv-bench)
	$(STEP) setup "peers of requirements-bench.lock, and equina"
	@.venv-bench/bin/python -m pip install $(PIP_FLAGS) --no-deps --require-hashes -r requirements-bench.lock
	@.venv-bench/bin/python -m pip install $(PIP_FLAGS) --no-index --no-deps --no-build-isolation -e .
	@touch $@

docs: setup .venv-docs/.stamp  ## write the generated pages of docs/ anew, then the site: build/site/index.html
	$(STEP) docs "docs/coverage.md docs/protocol.md docs/reference/commands.md docs/safety.md"
	@$(BIN)/python -m equina.docs
	$(STEP) docs "build/site/index.html"
	@.venv-docs/bin/sphinx-build -q -W --keep-going -b html docs build/site

fuzz: .venv-fuzz/.stamp  ## break what comes from outside on purpose, each reader for EACH=600: ONLY=case,text, or all (two hours)
	$(STEP) fuzz "each reader for $(EACH) s"
	@PYTHONPATH=tests .venv-fuzz/bin/python -m fuzz --seconds '$(EACH)' $(if $(ONLY),--only '$(subst $(empty) $(empty),$(comma),$(ONLY))')

.venv-fuzz/.stamp: requirements-fuzz.lock pyproject.toml
	@$(call new_venv,.venv-fuzz)
	$(STEP) setup "the fuzzer of requirements-fuzz.lock, and equina"
	@.venv-fuzz/bin/python -m pip install $(PIP_FLAGS) --no-deps --require-hashes -r requirements-fuzz.lock
	@.venv-fuzz/bin/python -m pip install $(PIP_FLAGS) --no-index --no-deps --no-build-isolation -e .
	@touch $@

.venv-docs/.stamp: requirements-docs.lock pyproject.toml
	@$(call new_venv,.venv-docs)
	$(STEP) setup "the generator of requirements-docs.lock, and equina"
	@.venv-docs/bin/python -m pip install $(PIP_FLAGS) --no-deps --require-hashes -r requirements-docs.lock
	@.venv-docs/bin/python -m pip install $(PIP_FLAGS) --no-index --no-deps --no-build-isolation -e .
	@touch $@

lint: setup  ## style, format, types and house rules, changing nothing
	$(STEP) lint "style and format (ruff)"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "lint: run 'make format'" >&2; exit 1; }
	$(STEP) lint "types (mypy, strict)"
	@$(BIN)/mypy --no-error-summary
	$(STEP) lint "file length, file names, locks"
	@long=$$(find src tests bench -name '*.py' -exec awk 'END { if (NR > 400) print FILENAME " (" NR ")" }' {} \; 2>/dev/null); \
	[ -z "$$long" ] || { echo "lint: over 400 lines, is each one thing? $$long" >&2; exit 1; }
	@odd=$$(find src tests bench -name '*.py' 2>/dev/null | grep -E '/(utils?|common|help[a-z]*|base|manager|constants|misc)\.py$$' || true); \
	[ -z "$$odd" ] || { echo "lint: a name that does not say what is inside: $$odd" >&2; exit 1; }
	@! grep -n '://' requirements*.lock tests/conformance/package-lock.json || { echo "lint: a lock holds an address; run 'make lock'" >&2; exit 1; }

format: setup  ## rewrite the Python files in the house style
	$(STEP) format "ruff"
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

lock: .venv-lock/.stamp  ## pin again what pyproject.toml asks for, keeping pins that still fit (UPGRADE=1: the newest)
	$(STEP) lock "requirements.lock requirements-bench.lock requirements-docs.lock requirements-fuzz.lock"
	@$(COMPILE) --extra dev --extra proofs --extra paper --extra service --extra mcp --extra batch --extra spark -o requirements.lock >/dev/null
	@$(COMPILE) --extra service --extra paper --constraint requirements.lock -o requirements-service.lock >/dev/null
	@$(COMPILE) --extra bench --extra batch -o requirements-bench.lock >/dev/null
	@$(COMPILE) --extra docs -o requirements-docs.lock >/dev/null
	@$(COMPILE) --extra fuzz --extra service --extra batch --constraint requirements.lock -o requirements-fuzz.lock >/dev/null

# For every platform and every Python that the package supports, with hashes, and without any address.
COMPILE = UV_CUSTOM_COMPILE_COMMAND='make lock' .venv-lock/bin/uv pip compile --quiet pyproject.toml --group build \
	--universal --python-version 3.11 --generate-hashes --no-emit-index-url $(if $(UPGRADE),--upgrade)

.venv-lock/.stamp: Makefile
	@$(call new_venv,.venv-lock)
	$(STEP) setup "uv $(UV_VERSION), which writes the locks"
	@.venv-lock/bin/python -m pip install $(PIP_FLAGS) uv==$(UV_VERSION)
	@touch $@

clean:  ## remove everything that make built or cached here
	$(STEP) clean "environments, caches, build output"
	@rm -rf .venv .venv-bench .venv-docs .venv-fuzz .venv-lock .venv-mutation .venv-points .venv-reading .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/cql/node_modules tests/conformance/node_modules tests/conformance/lforms bench/result.json bench/screening.json bench/spark.json .coverage htmlcov build dist
	@find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
