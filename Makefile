# Everything a developer does, by name. Needs python3 (3.11 or newer, with venv), git and make; the rest is
# installed into .venv from the locked versions. ARGS goes to the command: make demo ARGS=--stay

PYTHON ?= python3
ARGS ?=
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=
PIP_INSTALL := python -m pip install --quiet --no-deps --require-hashes --requirement
EXPORT := uv export --quiet --no-header --format requirements-txt --no-emit-project

.DEFAULT_GOAL := help
.PHONY: help demo serve test check format bench profiles image lock

help: ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: .venv/runtime ## play one citizen's story through the real doors (ARGS=--stay keeps it running)
	@python -m gateway demo $(ARGS)

serve: .venv/runtime ## run the gateway, with its embedded PostgreSQL unless GATEWAY_DATABASE_URL is set
	@python -m gateway serve $(ARGS)

test: .venv/dev ## run every test, on two cores (ARGS="tests/domain tests/translate": the inner loop, on one)
	python -m pytest -q $(or $(ARGS),--numprocesses 2 --dist loadfile)

check: .venv/dev ## everything that is checked before the tests
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo
	hadolint Dockerfile
	python -m gateway check
	python -m pytest -q tests/house

format: .venv/dev ## put the code in its one form and mend what can be mended
	ruff format .
	ruff check --fix .

bench: .venv/dev ## measure translate, each language, intake, read and memory against their floors
	@python -m gateway bench $(ARGS)

profiles: .venv/dev ## make the R4 facts and the compiled profiles again (needs node and npm)
	python profiles/make_all.py

image: ## build the container image with docker, podman or buildah, whichever is here
	deploy/image.sh

lock: .venv/dev ## choose versions anew and write both requirements files
	uv lock --upgrade
	$(EXPORT) --no-default-groups --output-file requirements.txt
	$(EXPORT) --all-groups --output-file requirements-dev.txt

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

.venv/runtime: requirements.txt | .venv/pyvenv.cfg
	@echo "installing what the gateway runs on"
	@$(PIP_INSTALL) requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt | .venv/pyvenv.cfg
	@echo "installing what the gateway runs on and is tested with"
	@$(PIP_INSTALL) requirements-dev.txt
	@touch .venv/runtime $@
