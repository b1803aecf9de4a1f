# The checks. `make test` is what a contributor needs; the rest is what CI adds to it.

check: test layers format-check lint ## test, layers, format and lint: before a commit

layers: ## who may include whom
	@tests/support/layers.sh

FORMATTED = $(wildcard engine/*/*.[ch] engine/include/redial/*.h simulator/*/*.[ch] cli/*.[ch] tests/*/*.[ch] examples/*.c)
format: ## clang-format every source in place
	@clang-format -i $(FORMATTED)
format-check: ## complain about sources that are not formatted
	@clang-format --dry-run -Werror $(FORMATTED) && echo "format: all sources are formatted"

LINTED = $(SRC_ENGINE) $(SRC_SIMULATOR) $(SRC_CLI) cli/main.c
# How many states of each function the analyser looks at; 225,000 is its own limit, and takes six minutes of two cores.
LINT_STATES ?= 225000
ANALYSER = $(foreach word,-analyzer-config max-nodes=$(LINT_STATES),--extra-arg=-Xclang --extra-arg=$(word))
lint: ## clang-tidy and cppcheck, warnings are errors (LINT_STATES=30000: in a third of the time)
	@printf '%s\n' $(LINTED) | xargs -P 2 -n 6 sh -c 'clang-tidy --quiet $(ANALYSER) "$$@" -- -std=c17 -D_GNU_SOURCE \
	    -DREDIAL_VERSION=\"x\" -Iengine/include -Iengine -I. $(PKG_FLAGS) 2>/dev/null' clang-tidy
	@cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem -D_GNU_SOURCE -Iengine/include -Iengine -I. -j 2 $(LINTED)
	@echo "lint: clean"

ASAN = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# By clang, and ready for fuzzers: the suite and the fuzzers are linked from the same objects.
SANITIZED = BUILD=build-asan CC=clang OPT='-O1 -g' SANITIZE='$(ASAN) -fsanitize=fuzzer-no-link'
# What a process leaves behind is looked for in whole programs; in each of two thousand tests it would take minutes. So would
# strstr: Criterion's libgit2 reads the certificates of the system in each, and measures what is left of them at every one.
asan: ## the whole suite under AddressSanitizer and UBSan, by clang
	@$(MAKE) --no-print-directory -j2 build-asan/redial build-asan/unit $(SANITIZED)
	@ASAN_OPTIONS=detect_leaks=0:intercept_strstr=0 $(MAKE) --no-print-directory unit $(SANITIZED)
	@$(MAKE) --no-print-directory -j2 -Otarget cli fakes replay $(SANITIZED)
tsan: ## threads on one engine under ThreadSanitizer
	@$(MAKE) --no-print-directory build-tsan/threads BUILD=build-tsan CC=clang OPT='-O1 -g' SANITIZE='-fsanitize=thread'
	build-tsan/threads
clang: ## the whole suite built by clang
	@$(MAKE) --no-print-directory -j2 build build-clang/unit BUILD=build-clang CC=clang
	@$(MAKE) --no-print-directory suite BUILD=build-clang CC=clang

$(BUILD)/threads: $(call OBJ,tests/torture/threads.c $(SRC_ENGINE))
	$(LINK)

mutate: $(BUILD)/redial ## break the shipped policies in one place at a time: a scenario must notice
	@tests/support/mutate.sh $(BUILD)/redial

clients: $(BUILD)/redial packages ## real SDKs and credential libraries against the fakes, the TypeScript SDK against its preset
	@tests/clients/run.sh $(BUILD)

torture: $(BUILD)/torture $(BUILD)/calls ## load and replay with every allocation made to fail; 5,000 live calls without growth
	$(BUILD)/torture
	$(BUILD)/calls 5000
$(BUILD)/torture: $(call OBJ,tests/torture/allocations.c $(SRC_ENGINE) $(SRC_SIMULATOR))
	$(LINK)

$(BUILD)/calls: $(call OBJ,tests/torture/calls.c tests/support/tiny_server.c $(SRC_ENGINE))
	$(LINK)

FUZZERS = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_SECONDS ?= 12
fuzz: ## FUZZ_SECONDS (12) of libFuzzer on every parser that reads bytes from outside, two at a time
	@$(MAKE) --no-print-directory -j2 $(addprefix build-asan/fuzz/,$(FUZZERS)) $(SANITIZED)
	@printf '%s\n' $(FUZZERS) | xargs -P 2 -n 1 tests/support/fuzz.sh build-asan $(FUZZ_SECONDS)
build-asan/fuzz/%: build-asan/obj/tests/fuzz/%.o $(patsubst %.c,build-asan/obj/%.o,$(SRC_ENGINE) $(SRC_SIMULATOR))
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)clang $(ASAN) -fsanitize=fuzzer $^ -o $@ $(PKG_LIBS) -lpthread

bench: $(BUILD)/bench $(BUILD)/redial ## the figures, each with its method
	$(BUILD)/bench
	tests/bench/fake.sh $(BUILD)
$(BUILD)/bench: $(call OBJ,$(wildcard tests/bench/*.c) tests/support/tiny_server.c $(SRC_ENGINE) $(SRC_SIMULATOR))
	$(LINK)

cover: ## line coverage of engine and simulator by the whole suite
	@$(MAKE) --no-print-directory unit cli fakes replay BUILD=build-cover OPT='-O0 -g --coverage'
	@tests/support/cover.sh build-cover

soak: $(BUILD)/redial $(BUILD)/calls ## the long form: the analyser at its depth, ten minutes of fuzzing per parser, every scenario on real sockets 200 times, 100,000 live calls, a minute of reloads
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=600
	@tests/support/soak.sh $(BUILD)
	$(BUILD)/calls 100000
	@$(MAKE) --no-print-directory tsan
	build-tsan/threads 60

.PHONY: clients check layers format format-check lint asan tsan clang mutate torture fuzz bench cover soak
