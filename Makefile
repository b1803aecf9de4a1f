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

PKGS      := libcurl openssl yaml-0.1 libcjson libpcre2-8 libmicrohttpd
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
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(BUILD)/unit: $(call OBJ,$(SRC_UNIT) $(SRC_ENGINE) $(SRC_SIMULATOR) $(SRC_CLI))
	$(LINK) -rdynamic $(WRAP_MEMORY) $$(pkg-config --libs $(PKG_TEST))

-include tests/tests.mk

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

suite: unit ## everything that must pass, without setting anything up

unit: $(BUILD)/unit ## the Criterion tests alone
	$(BUILD)/unit -j2

clean: ## remove what was built
	rm -rf build build-*

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
.PHONY: help suite unit clean
