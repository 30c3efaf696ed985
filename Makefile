# Needs GNU make and a Python from 3.10 to 3.14; everything else goes into virtual environments here.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup setup-azdev setup-oldest setup-contracts containerds axe demo test fuzz repairs contracts contracts-age smoke compat lint lint-code lint-azdev bench docs wheel clean distclean

IS_FIT := import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 15))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.10 python; do \
	$$python -c "$(IS_FIT)" 2>/dev/null && echo $$python && break; done)

VENV := .venv
AZDEV := .venv-azdev
OLDEST := .venv-oldest
BUILDER := .venv-wheel
WHEELS := .wheels-contracts
OLDEST_AZ := $(shell sed -n 's/.*"azext.minCliCoreVersion": "\(.*\)".*/\1/p' azext_acrpulldiag/azext_metadata.json)

# What depends on az itself: whole runs, and the commands of az that are wrapped. The tests themselves choose there (see
# tests.azure.az.is_another) a story of each kind, a few moments for Ctrl-C and one width of a screen.
# Not what runs in the engines a hundred times, nor the repairs, whose commands are parsed and run by this Python's az;
# not what is judged, written and read again here of stories that were only read there, nor what is of numbers alone.
NOT_OF_AZ := $(addprefix --ignore=tests/scenarios/,test_faults.py test_leads_to.py test_least_privilege.py \
	test_network_rights.py test_remedies.py test_repairs.py test_rights.py) $(addprefix --deselect=tests/scenarios/,\
	test_snapshots.py::test_every_story_is_a_snapshot_too \
	test_snapshots.py::test_every_story_redacted_is_judged_alike_and_names_nobody \
	test_all_clusters.py::test_forty_clusters_five_of_them_broken_and_one_unreadable)
ON_OLDEST := tests/scenarios $(NOT_OF_AZ) tests/collect/az

JOBS ?= 2
PYTEST_ARGS ?=
SCENARIO ?=
STORY ?=
GROUP ?=
NAME ?=
ACR ?=

export AZURE_CORE_COLLECT_TELEMETRY := no
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Of az, as large as it is, little is ever imported: what is, is compiled then, and kept for the next import.
INSTALL := -m pip install --quiet --no-compile
export PYTHONDONTWRITEBYTECODE :=

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | sort | awk -F'\t' '{printf "%-14s %s\n", $$1, $$2}'

# A Debian Python without python3-venv cannot put pip into a new environment; its own pip can.
define new_environment
	$(if $(PYTHON),,$(error No Python from 3.10 to 3.14 was found; name one with PYTHON=...))
	rm -rf $(1)
	$(PYTHON) -m venv $(1) >/dev/null 2>&1 || { rm -rf $(1); $(PYTHON) -m venv --without-pip $(1) && \
		$(PYTHON) -m pip --quiet --python $(1)/bin/python install pip; }
endef

setup: $(VENV)/.ready ## install the Azure CLI and the test tools into .venv
$(VENV)/.ready: requirements-dev.txt requirements-wheel.txt
	$(call new_environment,$(VENV))
	$(VENV)/bin/python $(INSTALL) --requirement $<
	touch $@

setup-azdev: $(AZDEV)/.ready
$(AZDEV)/.ready: requirements-azdev.txt
	$(call new_environment,$(AZDEV))
	$(AZDEV)/bin/python $(INSTALL) --requirement $<
	touch $@

setup-oldest: $(OLDEST)/.ready
$(OLDEST)/.ready: azext_acrpulldiag/azext_metadata.json
	$(call new_environment,$(OLDEST))
	$(OLDEST)/bin/python $(INSTALL) azure-cli==$(OLDEST_AZ)
	touch $@

$(BUILDER)/.ready: requirements-wheel.txt
	$(call new_environment,$(BUILDER))
	$(BUILDER)/bin/python $(INSTALL) --requirement $<
	touch $@

# Of suites that move: make clean, and the next has their newest. Needs no environment.
containerds: ## fetch Debian's newer containerds into build/, for the tests of real pulls
	@$(PYTHON) -m scripts.containerds

# It looks at pages for what would shut somebody out. Needs npm, and nothing of it is installed.
AXE := build/axe-core-4.14.1
axe: $(AXE)/axe.min.js ## fetch axe-core into build/, for the tests of pages in a browser
$(AXE)/axe.min.js:
	mkdir -p $(@D)
	cd $(@D) && npm pack --silent $(patsubst axe-core-%,axe-core@%,$(notdir $(AXE))) >/dev/null && \
		tar -xzf $(notdir $(AXE)).tgz --strip-components=1 package/axe.min.js && rm $(notdir $(AXE)).tgz

# Several versions of one package, so each by itself; without what it depends on, since nothing of it is run.
setup-contracts: $(WHEELS)/.ready
$(WHEELS)/.ready: requirements-contracts.txt | $(VENV)/.ready
	rm -rf $(WHEELS)
	sed -n '/==/p' $< | xargs -P 4 -I PACKAGE \
		$(VENV)/bin/python -m pip download --quiet --no-deps --only-binary :all: --dest $(WHEELS) PACKAGE
	$(VENV)/bin/python -c "from tests.contracts.definitions import known; known()"
	touch $@

demo: setup ## run the real command against a broken simulated cluster (SCENARIO=... picks another)
	@$(VENV)/bin/python -m tests.demo $(SCENARIO)

test: setup setup-contracts ## run the tests (PYTEST_ARGS=... is handed on)
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

# atheris has wheels for some Pythons only; without it there are no texts that follow the branches taken.
fuzz: setup ## try many more hostile texts on every reader (NAME=... one), and how its time grows with size
	-$(VENV)/bin/python $(INSTALL) atheris
	$(VENV)/bin/python -m tests.fuzz $(NAME)

repairs: setup ## break, repair with the printed commands and tell again, every story that can be (STORY=... some)
	$(VENV)/bin/python -m tests.repairs $(STORY)

contracts: setup setup-contracts ## hold recordings, mappings, rights and versions against Microsoft's definitions
	$(VENV)/bin/python -m pytest -n0 tests/contracts $(PYTEST_ARGS)

contracts-age: setup ## fail for a preview api-version that is older than nine months
	$(VENV)/bin/python -m tests.contracts.age

smoke: setup setup-contracts ## write the shape of your Azure's answers (GROUP=... NAME=... ACR=...) to build/smoke.json
	$(if $(and $(GROUP),$(NAME)),,$(error Name the cluster: make smoke GROUP=... NAME=... ACR=...))
	@$(VENV)/bin/python -m scripts.smoke "$(GROUP)" "$(NAME)" $(if $(ACR),--acr "$(ACR)")

compat: setup setup-oldest wheel ## try the wheel on the oldest supported Azure CLI (PYTEST_ARGS=... is handed on)
	rm -rf build/compat
	mkdir -p build/compat
	export AZURE_EXTENSION_DIR=$(CURDIR)/build/compat/extensions AZURE_CONFIG_DIR=$(CURDIR)/build/compat/azure; \
	$(OLDEST)/bin/python -m azure.cli extension add --source dist/acrpulldiag-*.whl --yes && \
	$(OLDEST)/bin/python -m azure.cli aks diagnose-pull --help
	ACRPULLDIAG_AZ_PYTHON=$(CURDIR)/$(OLDEST)/bin/python ACRPULLDIAG_EXTENSION_DIR=$(CURDIR)/build/compat/extensions \
	$(VENV)/bin/python -m pytest -n $(JOBS) --dist worksteal $(ON_OLDEST) $(PYTEST_ARGS)

lint: lint-code lint-forge lint-azdev ## run every linter

lint-code: setup ## ruff, mypy and the import rules
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

.PHONY: lint-forge
lint-forge: setup ## workflows and issue forms: their schemas, and what zizmor finds in workflows
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(VENV)/bin/check-jsonschema --builtin-schema custom.github-workflows-require-timeout .github/workflows/*.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-issue-forms \
		$(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(VENV)/bin/zizmor --offline --quiet --persona auditor .github

lint-azdev: setup-azdev ## azdev style and azdev linter
	$(AZDEV)/bin/python scripts/azdev_check.py

bench: setup ## measure a full run beside az aks show and beside the commands by hand
	$(VENV)/bin/python -m benchmarks

docs: setup ## write the reference of checks and outcomes
	$(VENV)/bin/python -m scripts.reference

wheel: $(BUILDER)/.ready ## build dist/acrpulldiag-*.whl
	rm -rf dist
	$(BUILDER)/bin/python -m scripts.wheel dist

.PHONY: same-wheel
same-wheel: wheel ## build it again from a clone of the last commit: every byte has to be the same
	$(BUILDER)/bin/python -m scripts.wheel dist --compare

clean: ## remove what was built, keep the environments
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean ## remove the environments as well
	rm -rf $(VENV) $(AZDEV) $(OLDEST) $(BUILDER) $(WHEELS)
