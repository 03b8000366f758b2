# `make` lists the targets.

CARGO ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=
TARGET = $(or $(CARGO_TARGET_DIR),target)
SHARE = $(TARGET)/share
# For how long `make soak` goes on.
MINUTES ?= 20

.DEFAULT_GOAL := help
.PHONY: help demo test soak bench compare lint setup docs reference completions man install

help: ## List the targets.
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## Build, run a quick-start example, and show what it did.
	scripts/demo

# The binaries are built with the tests; for themselves they would be built once more, with other features.
test: ## Install what the tests need, and run all of them.
	scripts/install-packages
	MGMT_BINARIES=$(abspath $(TARGET))/debug $(CARGO) test --workspace --quiet

soak: ## Fuzz, kill the agent 500 times, disturb it, then run the tests over and over, each for MINUTES.
	scripts/fuzz $(MINUTES)
	MGMT_CRASH_ROUNDS=500 $(CARGO) test -p mgmt-tests --test e2e --quiet --release crash
	MGMT_SOAK_SECONDS=$$(( $(MINUTES) * 60 )) $(CARGO) test -p mgmt-tests --test e2e --quiet --release soak
	MGMT_MONKEY_SECONDS=3600 $(CARGO) test -p mgmt-lsp --test server --release -- --nocapture monkey
	MGMT_EVERYTHING=1 $(CARGO) test -p mgmt-lsp --test analysis --quiet --release robust
	scripts/outside
	end=$$(( $$(date +%s) + $(MINUTES) * 60 )); \
	while [ $$(date +%s) -lt $$end ]; do \
		MGMT_SOAK=20 PROPTEST_CASES=2000 $(CARGO) test --workspace --quiet --release || exit 1; \
	done

bench: ## Run the benchmarks.
	$(CARGO) bench --workspace

compare: ## Compare with cf-agent and puppet apply, as far as they are installed: the table of the README.
	$(CARGO) bench -p mgmt-tests --bench host -- converge

lint: ## Check format, lints, documentation, examples, and, if cargo-deny is installed, dependencies.
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps --quiet
	$(CARGO) run --quiet --bin mgmtc -- fmt --check examples stdlib/core stdlib/modules
	$(CARGO) run --quiet --bin mgmtc -- check $$(find examples -name '*.mcl')
	if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check; fi

setup: ## Install the tools that only developers need.
	$(CARGO) install --locked cargo-deny

docs: ## Build the documentation of the crates.
	$(CARGO) doc --workspace --no-deps

reference: ## Write the reference manual of the language's library below docs/reference.
	rm -rf docs/reference
	$(CARGO) run --quiet --bin mgmtc -- docs --output docs/reference

completions: ## Generate shell completions below target/share.
	$(CARGO) build --release --bins
	mkdir -p $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	for program in mgmt mgmtc; do \
		$(TARGET)/release/$$program completions bash > $(SHARE)/bash-completion/completions/$$program && \
		$(TARGET)/release/$$program completions zsh > $(SHARE)/zsh/site-functions/_$$program && \
		$(TARGET)/release/$$program completions fish > $(SHARE)/fish/vendor_completions.d/$$program.fish || exit 1; \
	done
	$(TARGET)/release/mgmt-lsp --completions bash > $(SHARE)/bash-completion/completions/mgmt-lsp
	$(TARGET)/release/mgmt-lsp --completions zsh > $(SHARE)/zsh/site-functions/_mgmt-lsp
	$(TARGET)/release/mgmt-lsp --completions fish > $(SHARE)/fish/vendor_completions.d/mgmt-lsp.fish

man: ## Generate man pages below target/share.
	$(CARGO) build --release --bins
	mkdir -p $(SHARE)/man/man1
	for program in mgmt mgmtc; do $(TARGET)/release/$$program man $(SHARE)/man/man1 || exit 1; done
	$(TARGET)/release/mgmt-lsp --man $(SHARE)/man/man1

install: completions man ## Install the binaries, completions and man pages below PREFIX.
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share
	install -m 755 $(TARGET)/release/mgmt $(TARGET)/release/mgmtc $(TARGET)/release/mgmt-lsp $(DESTDIR)$(PREFIX)/bin
	cp -r $(SHARE)/. $(DESTDIR)$(PREFIX)/share
