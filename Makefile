# Palatine. `make help` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

TARGET := $(or $(CARGO_TARGET_DIR),target)
TOOLS := $(TARGET)/tools
CARGO_DENY := 0.20.2
CARGO_MACHETE := 0.9.2
SHELL_SCRIPTS := .ci/run tests/*.sh

SUITES := rust openid-client auth-js express-jwt authlib python-keycloak schemathesis mod-auth-openidc browser

.PHONY: help run test $(SUITES:%=test-%) bench check setup clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { split($$1, names, " "); for (i in names) printf "  make %-20s %s\n", names[i], $$2 }' Makefile

# The dev profile: a newcomer's first sign-in waits for the compiler, not for the server.
run: ## Builds and starts a development server with demo realms; ARGS="--listen 127.0.0.1:8081" adds flags
	cargo run -- dev $(ARGS)

test: ## Runs every test; test-rust, test-browser, test-SUITE one suite (SUITES in tests/run.sh)
	@tests/run.sh

$(SUITES:%=test-%): test-%: ## Runs one suite alone
	@tests/run.sh $*

# PostgreSQL has to run; what is measured is in databases of their own, which are dropped afterwards.
bench: ## Lists, searches and tokens at 1, 1,000 and 100,000 realms (docs/PERFORMANCE.md); ARGS="--realms 1,100 --users 1000" for less
	cargo run -p palatine-load --profile fastrel -- compare --json $(TARGET)/load/compare.json \
		--database $(or $(PALATINE_LOAD_DATABASE),postgres://postgres@127.0.0.1:5432/postgres) $(ARGS)

check: $(TOOLS)/cargo-deny-$(CARGO_DENY) $(TOOLS)/cargo-machete-$(CARGO_MACHETE) ## Formatting, lints, docs, licences, unused dependencies
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	cargo fetch --locked
	PATH="$(abspath $(TOOLS))/bin:$$PATH" cargo deny --offline check --hide-inclusion-graph licenses bans sources
	PATH="$(abspath $(TOOLS))/bin:$$PATH" cargo machete
	if command -v shellcheck; then shellcheck -x $(SHELL_SCRIPTS); else echo "shellcheck: not installed (make setup)"; fi

setup: ## Installs the programs that building and testing need (Debian, Ubuntu)
	@tests/setup.sh

# The stamp carries the version, so that another one here installs another one there.
$(TOOLS)/cargo-deny-$(CARGO_DENY) $(TOOLS)/cargo-machete-$(CARGO_MACHETE): $(TOOLS)/%:
	@mkdir -p $(TOOLS)
	CARGO_TARGET_DIR=$(TOOLS)/build cargo install --locked --root $(TOOLS) $(patsubst cargo-deny-%,cargo-deny@%,$(patsubst cargo-machete-%,cargo-machete@%,$*))
	rm -rf $(TOOLS)/build
	touch $@

clean: ## Removes everything that was built or installed here; the data of `make run` stays
	cargo clean
	rm -rf tests/interop/*/node_modules tests/browser/node_modules tests/browser/out
