# Redial. `make` prints the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

VERSION := 0.1.0
BUILD   ?= build
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
DESTDIR ?=

# Lua 5.4 goes by another name on every system
LUA       := $(firstword $(foreach name,lua5.4 lua-5.4 lua54 lua,$(shell pkg-config --exists $(name) 2>/dev/null && echo $(name))) lua5.4)
PKGS      := libcurl openssl zlib yaml-0.1 libcjson libpcre2-8 $(LUA) libmicrohttpd
PKGS_LIBRARY := $(filter-out libmicrohttpd,$(PKGS))
PKG_TEST  := criterion
PKG_FLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS  := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wundef -Wvla \
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
        -Wcast-align -Wcast-qual -Wwrite-strings -Wformat=2 -Wswitch-enum -Wnull-dereference \
        -Wdouble-promotion -Wimplicit-fallthrough -Werror
OPT      ?= -O2 -g
SANITIZE ?=
# -ffp-contract=off: the same seed tells the same story, whichever compiler built it
CFLAGS_ALL := -std=c17 $(OPT) $(WARN) -fPIC -fvisibility=hidden -ffp-contract=off $(SANITIZE) \
              -D_GNU_SOURCE -DREDIAL_VERSION='"$(VERSION)"' \
              -Iengine/include -Iengine -I. $(PKG_FLAGS) $(CFLAGS)

SRC_ENGINE    := $(sort $(wildcard engine/*/*.c))
SRC_SIMULATOR := $(sort $(wildcard simulator/*/*.c))
SRC_CLI       := $(filter-out cli/main.c,$(sort $(wildcard cli/*.c)))
SRC_UNIT      := $(sort $(wildcard tests/unit/*.c)) $(sort $(wildcard tests/support/*.c))
Q = $(if $(V),,@)
LINK = @mkdir -p $(@D); echo "  LINK  $@"; $(CC) $(OPT) $(SANITIZE) $(filter %.o,$^) -o $@ $(PKG_LIBS) -lpthread
# tests/support/failing_memory.c stands between our objects and the allocator
WRAP_MEMORY   := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
OBJ = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CFLAGS_ALL) $(QUICK) -MMD -MP -c $< -o $@

$(BUILD)/obj/tests/unit/%.o: QUICK = -O0 # a test runs for milliseconds, and takes seconds to compile

$(BUILD)/unit: $(call OBJ,$(SRC_UNIT) $(SRC_ENGINE) $(SRC_SIMULATOR) $(SRC_CLI))
	$(LINK) -rdynamic $(WRAP_MEMORY) $$(pkg-config --libs $(PKG_TEST))

# ---- What is built

build: $(BUILD)/redial $(BUILD)/libredial.a $(BUILD)/libredial.so ## the command and both libraries

$(BUILD)/redial: $(call OBJ,cli/main.c $(SRC_CLI) $(SRC_SIMULATOR) $(SRC_ENGINE))
	$(LINK)

# Both libraries show nothing but redial_ symbols: the static one by joining its objects and
# localising the rest, the shared one by its version script.
$(BUILD)/libredial.a: $(call OBJ,$(SRC_ENGINE))
	@echo "  AR    $@"
	$(Q)ld -r -o $(BUILD)/libredial.o $^
	$(Q)objcopy --wildcard --keep-global-symbol='redial_*' $(BUILD)/libredial.o
	$(Q)rm -f $@ && ar rcs $@ $(BUILD)/libredial.o

SONAME := libredial.so.$(firstword $(subst ., ,$(VERSION)))
$(BUILD)/libredial.so: $(call OBJ,$(SRC_ENGINE)) engine/libredial.map
	@echo "  LINK  $@"
	$(Q)$(CC) -shared $(OPT) $(SANITIZE) -Wl,-soname,$(SONAME) -Wl,-z,defs -Wl,--version-script=engine/libredial.map \
	    $(filter %.o,$^) -o $@ $(PKG_LIBS) -lpthread

# Written anew each time: PREFIX may be another one.
$(BUILD)/redial.pc: FORCE
	@mkdir -p $(@D)
	$(Q)printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' \
	    'policies=$${prefix}/share/redial/policies' '' \
	    'Name: redial' 'Description: Retry, backoff and fallback rules for LLM calls, from YAML files' \
	    'Version: $(VERSION)' 'Libs: -L$${libdir} -lredial' 'Libs.private: -lpthread -lm' \
	    'Requires.private: $(PKGS_LIBRARY)' 'Cflags: -I$${includedir}' > $@
FORCE:

# Where each file goes, for install and uninstall alike: mode, file, path below PREFIX.
INSTALLED = \
    755:$(BUILD)/redial:bin/redial \
    644:$(BUILD)/libredial.a:lib/libredial.a \
    755:$(BUILD)/libredial.so:lib/libredial.so.$(VERSION) \
    644:$(BUILD)/redial.pc:lib/pkgconfig/redial.pc \
    $(foreach f,$(notdir $(wildcard engine/include/redial/*.h)),644:engine/include/redial/$(f):include/redial/$(f)) \
    $(foreach f,$(patsubst policies/%,%,$(wildcard policies/*.yaml policies/presets/*.yaml policies/hooks/*.lua policies/hooks/*.yaml)),644:policies/$(f):share/redial/policies/$(f)) \
    644:cli/man/redial.1:share/man/man1/redial.1 \
    644:cli/man/redial-policy.5:share/man/man5/redial-policy.5 \
    644:cli/man/redial-scenario.5:share/man/man5/redial-scenario.5 \
    644:cli/completions/redial.bash:share/bash-completion/completions/redial \
    644:cli/completions/_redial:share/zsh/site-functions/_redial \
    644:cli/completions/redial.fish:share/fish/vendor_completions.d/redial.fish
INSTALL_TO = $(DESTDIR)$(PREFIX)
install: build $(BUILD)/redial.pc ## all that users and programs need, to PREFIX (/usr/local) below DESTDIR
	@set -e; for entry in $(INSTALLED); do IFS=: read -r mode from to <<<"$$entry"; \
	    install -d "$(INSTALL_TO)/$${to%/*}"; install -m "$$mode" "$$from" "$(INSTALL_TO)/$$to"; done
	ln -sf libredial.so.$(VERSION) $(INSTALL_TO)/lib/$(SONAME)
	ln -sf $(SONAME) $(INSTALL_TO)/lib/libredial.so

uninstall: ## remove what install put there, with the same PREFIX and DESTDIR
	@for entry in $(INSTALLED); do rm -f "$(INSTALL_TO)/$${entry##*:}"; done
	rm -f $(INSTALL_TO)/lib/$(SONAME) $(INSTALL_TO)/lib/libredial.so
	@for folder in include/redial share/redial/policies/hooks share/redial/policies/presets share/redial/policies share/redial; do \
	    rmdir "$(INSTALL_TO)/$$folder" 2>/dev/null || true; done

-include tests/tests.mk

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

deps: ## find what is missing of compilers and libraries, and install it
	@tests/support/deps.sh

demo: ## set up, build, and see the seed scenarios on the virtual clock and on real sockets
	@tests/support/deps.sh
	@$(MAKE) --no-print-directory $(BUILD)/redial
	$(BUILD)/redial replay --story scenarios/seed
	$(BUILD)/redial replay --wire --quiet scenarios/seed

test: ## set up, build, and run everything that must pass
	@tests/support/deps.sh
	@$(MAKE) --no-print-directory -j2 build $(BUILD)/unit
	@$(MAKE) --no-print-directory suite

# Two at a time, the words of each together: while one waits for sockets and clocks, another has the core.
suite: unit ## the same without setting anything up
	@$(MAKE) --no-print-directory -j2 -Otarget cli fakes replay $(if $(SANITIZE),,symbols schema page workflow shells examples http2)

replay: $(BUILD)/redial ## every scenario on the virtual clock and on real sockets: the same stories
	@tests/cli/same-stories.sh $(BUILD)/redial

unit: $(BUILD)/unit ## the Criterion tests alone
	$(BUILD)/unit -j2

cli: $(BUILD)/redial ## the command, run as a person runs it
	@tests/cli/run.sh $(BUILD)
	@tests/cli/readme.sh $(BUILD)

fakes: $(BUILD)/redial ## the fakes as a server, and each platform's whole path
	@python3 tests/cli/fake.py $(BUILD) 500
	@tests/cli/platforms.sh $(BUILD)

symbols: build ## what the libraries show, and that a program links, also when installed
	@CC='$(CC)' PKGS='$(PKGS_LIBRARY)' tests/cli/symbols.sh $(BUILD)
	@CC='$(CC)' tests/cli/install.sh $(BUILD)

snapshots: $(BUILD)/redial ## print what the shipped policies do into policies/snapshots, for review
	@tests/support/snapshots.sh $(BUILD)/redial --write

reference: $(BUILD)/redial ## print schemas and references from the key tables
	@tests/support/reference.sh $(BUILD)/redial --write

packages: # npm's, of tests/clients, where there is node
	@. tests/clients/packages.sh; packages clients

schema: $(BUILD)/redial packages ## every shipped file against the schemas, by a validator that is not ours
	@tests/clients/schema.sh $(BUILD)/redial

shells: $(BUILD)/redial ## manual pages and completions, in the programs that they are for
	@tests/cli/shells.sh $(BUILD)

examples: build ## programs in C, Python and Node that ask the library, and a live one in C
	@CC='$(CC)' tests/cli/examples.sh $(BUILD)

page: $(BUILD)/redial ## the matrix as a page, used in headless Chromium
	@tests/clients/page.sh $(BUILD)/redial

workflow: $(BUILD)/redial packages ## every line of the example workflow for CI servers
	@tests/clients/workflow.sh $(BUILD)

http2: $(BUILD)/redial ## a call over HTTP/2 and TLS, through a proxy that is not ours
	@tests/clients/http2.sh $(BUILD)/redial

clean: ## remove what was built
	rm -rf build build-*

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
.PHONY: FORCE help build install uninstall deps demo test suite replay unit cli fakes symbols packages snapshots reference schema page workflow shells examples http2 clean
