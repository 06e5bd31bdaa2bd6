# What a person types; each target says what it does.

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
VERSION_MAJOR := $(word 1,$(subst ., ,$(VERSION)))
VERSION_MINOR := $(word 2,$(subst ., ,$(VERSION)))
CARGO ?= cargo
TARGET_DIR ?= $(or $(CARGO_TARGET_DIR),target)

# What is built once needs no record of what to build again, which would take as much disk.
ifdef CI
export CARGO_INCREMENTAL := 0
endif

# Where tests/tools.sh puts a newer Node, if the system's is too old.
export PATH := $(CURDIR)/target/node/bin:$(PATH)

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
INSTALL ?= install
BUILT = $(TARGET_DIR)/dist
HEADERS = $(notdir $(wildcard include/*.h include/*.hpp))
MANUAL = $(DESTDIR)$(DATADIR)/man/man1
BASH_COMPLETIONS = $(DESTDIR)$(DATADIR)/bash-completion/completions
ZSH_COMPLETIONS = $(DESTDIR)$(DATADIR)/zsh/site-functions
FISH_COMPLETIONS = $(DESTDIR)$(DATADIR)/fish/vendor_completions.d
UNITS = $(DESTDIR)$(PREFIX)/lib/systemd/system
SYSUSERS = $(DESTDIR)$(PREFIX)/lib/sysusers.d
LICENCES = $(DESTDIR)$(DATADIR)/doc/orchflow

.PHONY: run test soak tools lint unit page-tests screenshots judges judges-long ffi-tests install-test crate packages embedded-examples hosts embedded-python embedded-neovim embedded-node embedded-emacs deny bench bench-observe bench-node bench-page fuzz header manual build \
	install uninstall clean

run: ## Serves a page with terminals and the files of this directory.
	$(CARGO) run --release

test: tools lint unit page-tests judges ffi-tests install-test deny ## Everything that CI holds.

soak: judges-long ## The long form of the tests that have one: many more seeds, a hundred thousand roots and links. Takes an hour.
	ORCHFLOW_SOAK=1 ORCHFLOW_TOOLS_STRICT=1 $(CARGO) test --locked

tools: ## Looks for what the tests need and installs what is missing, where it can.
	tests/tools.sh

lint: ## Format, lints and documentation, warnings as errors; the oldest supported Rust, where it is installed.
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) clippy --locked --lib -- -D warnings --cfg fuzzing
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps
	CARGO="$(CARGO)" tests/oldest.sh

unit: ## Unit, property and integration tests; the house rules; the header; the README's examples.
	ORCHFLOW_TOOLS_STRICT=1 $(CARGO) test --locked

page-tests: ## The page in headless Chromium: unit tests of its modules, then what a person does with it.
	CARGO="$(CARGO)" tests/browser/run.sh

judges: ## What screens show after recordings of programs and 500 generated streams, beside xterm, xterm.js and tmux.
	CARGO="$(CARGO)" tests/judges/run.sh
	CARGO="$(CARGO)" tests/judges/streams.sh

judges-long: ## The same with 20,000 generated streams, others each time; SEED=N for those of a run before.
	CARGO="$(CARGO)" tests/judges/streams.sh 20000 $(or $(SEED),$(shell date +%s))

ffi-tests: ## The C ABI from outside: the accepted interface, compilers, sanitizers, valgrind, host loops, FFI libraries.
	packaging/abi.sh
	ORCHFLOW_FFI_STRICT=1 CARGO="$(CARGO)" ffi-tests/run.sh

embedded-examples: ## Hosts with poll and epoll run one trace and print what they should.
	ORCHFLOW_LIBRARY_DIR="$$(CARGO="$(CARGO)" packaging/libraries.sh)" examples/hosts/test.sh basic

hosts: ## The same for every kind of host: GLib, libuv, Qt, SDL with the terminal in a window, tokio and Go as well.
	ORCHFLOW_LIBRARY_DIR="$$(CARGO="$(CARGO)" packaging/libraries.sh)" CARGO="$(CARGO)" examples/hosts/test.sh all

install-test: ## Installs into an empty folder and builds the examples against it.
	tests/install.sh

crate: ## The library as it would be published: it builds by itself, and with the oldest dependencies that it admits.
	CARGO="$(CARGO)" tests/crate.sh

packages: ## Debian packages of the libraries and the demo in target/deb, checked by lintian.
	packaging/deb.sh

embedded-python: ## The engine in Python (bindings/python): its tests against the library of this checkout.
	ORCHFLOW_LIBRARY_DIR="$$(CARGO="$(CARGO)" packaging/libraries.sh)" bindings/python/test.sh

embedded-node: ## The engine in Node (bindings/node): its tests, and node-pty's own against it.
	ORCHFLOW_LIBRARY_DIR="$$(CARGO="$(CARGO)" packaging/libraries.sh)" bindings/node/test.sh

deny: ## Licences, sources and duplicates of the dependencies: in CI, and where cargo-deny is installed.
	tests/deny.sh

embedded-neovim: ## The plugin for Neovim (editors/neovim) in the system's Neovim, with the library and the demo of this checkout.
	$(CARGO) build --locked --package orchflow-demo
	ORCHFLOW_LIBRARY_DIR="$$(CARGO="$(CARGO)" packaging/libraries.sh)" \
		ORCHFLOW_DEMO="$(abspath $(TARGET_DIR))/debug/orchflow-demo" editors/neovim/test.sh

embedded-emacs: ## The package for Emacs (editors/emacs) in the system's Emacs, with the library of this checkout.
	ORCHFLOW_LIBRARY_DIR="$$(CARGO="$(CARGO)" packaging/libraries.sh)" editors/emacs/test.sh

bench: ## Figures beside a C epoll loop, other file watchers and other servers of WebSockets, and of turns under attack: five tables.
	$(CARGO) bench --locked --bench terminals
	$(CARGO) bench --locked --bench files
	$(CARGO) bench --locked --bench state
	$(CARGO) bench --locked --bench serve
	$(CARGO) bench --locked --bench turns

bench-observe: ## Instructions of an echo and of a byte with observation and without, by callgrind; at most 1 % more.
	CARGO="$(CARGO)" benches/observe.sh

bench-node: ## The engine in Node beside node-pty: floods, keys under a flood, starts, memory.
	ORCHFLOW_LIBRARY_DIR="$$(CARGO="$(CARGO)" packaging/libraries.sh release)" bindings/node/test.sh bench

bench-page: ## The page beside xterm.js on node-pty in the same browser: weight, first screen, frames, keys under a flood.
	$(CARGO) build --release --locked --package orchflow-demo
	cd benches/page && npm ci --silent --no-audit --no-fund && node bench.mjs

screenshots: ## Writes docs/page.png, the picture of README, and with ALL=folder each view in light and dark, wide and narrow.
	CARGO="$(CARGO)" tests/browser/screenshots.sh $(ALL)

fuzz: ## Feeds the screen, the protocol and its frames what the fuzzer thinks of, each for FUZZ_SECONDS (600).
	fuzz/run.sh screen $(or $(FUZZ_SECONDS),600)
	fuzz/run.sh protocol $(or $(FUZZ_SECONDS),600)
	fuzz/run.sh frames $(or $(FUZZ_SECONDS),600)

manual: ## Writes the manual page and the completions of the demo from its help texts.
	ORCHFLOW_WRITE_MANUAL=1 $(CARGO) test --locked --package orchflow-demo --test manual committed

header: ## Writes include/orchflow.h and orchflow_ffi.h anew.
	ORCHFLOW_WRITE_HEADER=1 $(CARGO) test --locked --test header

build: ## Builds what is installed: the libraries and the demo.
	$(CARGO) build --profile dist --locked --package orchflow-demo --target-dir $(TARGET_DIR)
	CARGO="$(CARGO)" packaging/libraries.sh dist --target-dir $(TARGET_DIR)

install: ## Installs what `make build` has made: libraries, headers, pkg-config and CMake files, the demo.
	@for file in liborchflow.so liborchflow.a orchflow-demo; do test -e "$(BUILT)/$$file" || { \
		echo "$(BUILT)/$$file is missing; run 'make build' first, as yourself" >&2; exit 1; }; done
	$(INSTALL) -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(LIBDIR)/cmake/OrchFlow $(DESTDIR)$(INCLUDEDIR) \
		$(DESTDIR)$(BINDIR) $(MANUAL) $(BASH_COMPLETIONS) $(ZSH_COMPLETIONS) $(FISH_COMPLETIONS) $(LICENCES) \
		$(UNITS) $(SYSUSERS)
	$(INSTALL) -m 755 $(BUILT)/liborchflow.so $(DESTDIR)$(LIBDIR)/liborchflow.so.$(VERSION)
	ln -sf liborchflow.so.$(VERSION) $(DESTDIR)$(LIBDIR)/liborchflow.so.0
	ln -sf liborchflow.so.0 $(DESTDIR)$(LIBDIR)/liborchflow.so
	$(INSTALL) -m 644 $(BUILT)/liborchflow.a $(DESTDIR)$(LIBDIR)/
	$(INSTALL) -m 644 $(addprefix include/,$(HEADERS)) $(DESTDIR)$(INCLUDEDIR)/
	$(INSTALL) -m 755 $(BUILT)/orchflow-demo $(DESTDIR)$(BINDIR)/
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' \
		-e 's|@LIBDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(LIBDIR))|' \
		-e 's|@INCLUDEDIR@|$(patsubst $(PREFIX)/%,$${prefix}/%,$(INCLUDEDIR))|' \
		packaging/orchflow.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/orchflow.pc
	sed -e "s|@INCLUDEDIR@|$$(realpath -m --relative-to=$(LIBDIR)/cmake/OrchFlow $(INCLUDEDIR))|" \
		packaging/OrchFlowConfig.cmake.in > $(DESTDIR)$(LIBDIR)/cmake/OrchFlow/OrchFlowConfig.cmake
	sed -e 's|@VERSION@|$(VERSION)|; s|@VERSION_MAJOR@|$(VERSION_MAJOR)|; s|@VERSION_MINOR@|$(VERSION_MINOR)|' \
		packaging/OrchFlowConfigVersion.cmake.in > $(DESTDIR)$(LIBDIR)/cmake/OrchFlow/OrchFlowConfigVersion.cmake
	$(INSTALL) -m 644 packaging/orchflow-demo.1 $(MANUAL)/
	$(INSTALL) -m 644 packaging/completions/orchflow-demo.bash $(BASH_COMPLETIONS)/orchflow-demo
	$(INSTALL) -m 644 packaging/completions/orchflow-demo.zsh $(ZSH_COMPLETIONS)/_orchflow-demo
	$(INSTALL) -m 644 packaging/completions/orchflow-demo.fish $(FISH_COMPLETIONS)/
	sed -e 's|/usr/local/bin|$(BINDIR)|' packaging/systemd/orchflow-demo.service > $(UNITS)/orchflow-demo.service
	$(INSTALL) -m 644 packaging/systemd/orchflow-demo.socket $(UNITS)/
	$(INSTALL) -m 644 packaging/systemd/orchflow-demo.sysusers $(SYSUSERS)/orchflow-demo.conf
	$(INSTALL) -m 644 LICENSE-APACHE LICENSE-MIT $(LICENCES)/
	@$(if $(DESTDIR),,packaging/ldconfig.sh $(LIBDIR))

uninstall: ## Removes what install has put there.
	rm -f $(DESTDIR)$(LIBDIR)/liborchflow.so* $(DESTDIR)$(LIBDIR)/liborchflow.a \
		$(addprefix $(DESTDIR)$(INCLUDEDIR)/,$(HEADERS)) $(DESTDIR)$(BINDIR)/orchflow-demo \
		$(DESTDIR)$(LIBDIR)/pkgconfig/orchflow.pc $(MANUAL)/orchflow-demo.1 $(BASH_COMPLETIONS)/orchflow-demo \
		$(ZSH_COMPLETIONS)/_orchflow-demo $(FISH_COMPLETIONS)/orchflow-demo.fish \
		$(UNITS)/orchflow-demo.service $(UNITS)/orchflow-demo.socket $(SYSUSERS)/orchflow-demo.conf
	rm -rf $(DESTDIR)$(LIBDIR)/cmake/OrchFlow $(LICENCES)
	@$(if $(DESTDIR),,packaging/ldconfig.sh $(LIBDIR) >/dev/null)

clean:
	$(CARGO) clean
