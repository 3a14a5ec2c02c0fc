# Everything that is done with this repository. `make demo` and `make test` need only Python, pip and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DISTRIBUTIONS := . plugins/kubernetes plugins/kind plugins/k3d plugins/image_verify
# folders of modules that are no package (tests, programs): mypy takes them one by one, because names repeat
FOLDERS = $(patsubst %/,%,$(sort $(dir $(shell find tests docs bench examples -name '*.py'))))
LOOSE = $(strip $(foreach folder,$(FOLDERS),$(if $(wildcard $(folder)/__init__.py),,$(folder))))
space := $(subst ,, )

.DEFAULT_GOAL := help
.PHONY: help demo test api-test lint types format docs check-docs bench lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: $(READY) ## Show the whole life of an environment on a simulated cluster
	@$(BIN)/sindri demo

test: $(READY) ## Run the tests that need no tools, and those whose tools are here
	@$(BIN)/pytest -n auto

api-test: $(READY) ## Run the tests that need a real Kubernetes API server
	@SINDRI_TEST_REQUIRE=1 $(BIN)/pytest -n auto -m api

lint: $(READY) ## Check style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: $(READY) ## Format the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

types: $(READY) ## Check types
	@$(BIN)/mypy
	@for folder in $(LOOSE); do MYPYPATH=$(subst $(space),:,$(LOOSE) examples/folder-provider) $(BIN)/mypy $$folder/*.py || exit 1; done

docs: $(READY) ## Make the reference pages anew
	@$(BIN)/python docs/generate.py

check-docs: $(READY) ## Fail when a reference page is out of date
	@$(BIN)/python docs/generate.py --check

bench: $(READY) ## Measure start-up, and images over a slow line (needs the test bed)
	@$(BIN)/python bench/startup.py
	@$(BIN)/python bench/images.py

lock: ## Renew requirements.lock (needs uv)
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --excludes requirements.excludes --group dev pyproject.toml plugins/kubernetes/pyproject.toml plugins/image_verify/pyproject.toml -o requirements.lock

clean: ## Remove what these commands made
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache

$(READY): requirements.lock pyproject.toml $(wildcard plugins/*/pyproject.toml)
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "installing the locked dependencies into $(VENV) …" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(DISTRIBUTIONS:%=-e %)
	@touch $@
