# pooltrace: see README.md. `make` builds, `make demo` shows, `make test` tests, `make bench` measures.
#
#   BUILD=DIR    where all that is made goes (build)         WERROR=1   warnings are errors
#   CC=clang     another compiler                            STATIC=1   a binary that needs no library
#   SUITES=unit  which suites `make test` runs               V=1        show the commands
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

BUILD    ?= build
ifeq ($(origin CC),default)
CC       := gcc
endif
CLANG    ?= clang
BPFTOOL  ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
VERSION  := $(shell cat VERSION)
PREFIX   ?= /usr/local
DESTDIR  ?=
V        ?= 0
ifeq ($(V),0)
Q        := @
say       = @printf '  %-7s %s\n' "$(1)" "$(patsubst $(BUILD)/%,%,$(2))";
else
say       =
endif

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2 -Wundef
WARNINGS += $(if $(WERROR),-Werror)
PACKAGES := libbpf libdw libelf liblzma capstone libzstd libxxhash jansson
CFLAGS   ?= -O2 -g
CPPFLAGS += -Iuser -Ibpf -I$(BUILD)/include -D_GNU_SOURCE -DPOOLTRACE_VERSION='"$(VERSION)"'
CPPFLAGS += $(if $(filter 1,$(STATIC)),-DPOOLTRACE_STATIC)
ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(CFLAGS) $(CPPFLAGS)
# libiberty, which has no .pc file, demangles names.
LIBS      = $(shell pkg-config --libs $(PACKAGES)) -liberty -lm
# Of what is installed; tests with sanitizers are never static. Some libelf.pc do not name what libelf.a needs.
ifeq ($(STATIC),1)
PROGRAM_LIBS = -static $(shell pkg-config --static --libs $(PACKAGES)) -liberty -lz -lm
else
PROGRAM_LIBS = $(LIBS)
endif

ROOMS    := base stream target runtime ledger view live cmd
SOURCES  := $(foreach room,$(ROOMS),$(wildcard user/$(room)/*.c))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o) $(if $(filter 1,$(STATIC)),$(BUILD)/user/target/static/libelf.o)
# Everything that unit tests and fuzzers link: all but the room that needs a kernel, and the one that uses it.
PURE     := $(filter-out user/live/% user/cmd/%,$(SOURCES))
RUNTIMES := $(wildcard runtimes/*.rt)

.PHONY: all
all: $(BUILD)/pooltrace $(if $(filter build,$(BUILD)),pooltrace)

# The default build's program, at hand.
pooltrace: $(BUILD)/pooltrace
	$(Q)ln -sfn $< $@

# What was compiled with other flags, or linked of other files, is made anew.
.PHONY: force
$(BUILD)/flags $(BUILD)/files: force
	@mkdir -p $(@D)
	@cmp -s - $@ <<<'$(subst ','\'',$($(@F)_text))' || cat >$@ <<<'$(subst ','\'',$($(@F)_text))'
FAST_CFLAGS := $(CFLAGS:-O2=-O3)
flags_text = $(CC) $(ALL_CFLAGS) $(FAST_CFLAGS) $(LDFLAGS) $(STATIC) $(CLANG)
files_text = $(OBJECTS) $(RUNTIMES)

$(BUILD)/pooltrace: $(OBJECTS) $(BUILD)/runtimes.o $(BUILD)/files
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(PROGRAM_LIBS) -o $@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# The kernel half. -idirafter: asm/types.h of a distribution with libraries by architecture.
$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall $(if $(WERROR),-Werror) \
		-Ibpf -Ivmlinux -idirafter /usr/include/x86_64-linux-gnu -MMD -MP -c $< -o $@

BPF_PARTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard bpf/*.bpf.c))
$(BUILD)/bpf/pooltrace.linked.o: $(BPF_PARTS)
	$(call say,LINK,$@)$(BPFTOOL) gen object $@ $^

$(BUILD)/include/pooltrace.skel.h: $(BUILD)/bpf/pooltrace.linked.o
	@mkdir -p $(@D)
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name pooltrace_bpf > $@

# Who includes it is known only when it has been compiled once.
$(filter $(BUILD)/user/live/%,$(OBJECTS)): | $(BUILD)/include/pooltrace.skel.h

# The runtime files, built in.
$(BUILD)/runtimes.c: scripts/embed-runtimes $(RUNTIMES) $(BUILD)/files
	@mkdir -p $(@D)
	$(call say,EMBED,$@)scripts/embed-runtimes $(RUNTIMES) > $@

$(BUILD)/runtimes.o: $(BUILD)/runtimes.c $(BUILD)/flags
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# What each event of a recording passes, of which there may be a hundred million.
$(BUILD)/user/stream/%.o $(BUILD)/user/ledger/%.o: CFLAGS := $(FAST_CFLAGS)

# Unit tests: the pure rooms under AddressSanitizer and UndefinedBehaviorSanitizer, no root, no kernel.
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_OBJECTS := $(PURE:%.c=$(BUILD)/san/%.o) $(BUILD)/san/runtimes.o

$(BUILD)/san/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(filter-out -O2,$(ALL_CFLAGS)) $(SANITIZE) -MMD -MP -c $< -o $@

$(BUILD)/san/runtimes.o: $(BUILD)/runtimes.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@

$(BUILD)/unit/test_%: $(BUILD)/san/tests/unit/test_%.o $(UNIT_OBJECTS) $(BUILD)/files
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(SANITIZE) $(filter %.o,$^) $(LIBS) -lcmocka -o $@

.PHONY: unit units
units: $(UNIT)
unit: $(UNIT)
	$(Q)for t in $^; do ASAN_OPTIONS=detect_leaks=1 $$t || exit 1; done

# Fuzzers: clang's libFuzzer over the parsers, linked with the pure rooms.
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ     := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_OBJECTS := $(PURE:%.c=$(BUILD)/fuzzed/%.o) $(BUILD)/fuzzed/runtimes.o

$(BUILD)/fuzzed/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(CLANG) $(filter-out -O2,$(ALL_CFLAGS)) $(FUZZ) -MMD -MP -c $< -o $@

$(BUILD)/fuzzed/runtimes.o: $(BUILD)/runtimes.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(CLANG) $(ALL_CFLAGS) $(FUZZ) -MMD -MP -c $< -o $@

$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzzed/tests/fuzz/fuzz_%.o $(FUZZ_OBJECTS) $(BUILD)/files
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CLANG) -fsanitize=fuzzer,address,undefined $(filter %.o,$^) $(LIBS) -o $@

.PHONY: fuzzers
fuzzers: $(FUZZERS)

include tests/standin/standin.mk
include tests/cli/cli.mk

# What the README names: set-up included. What root builds in another user's tree is that user's afterwards.
give_back = trap 'scripts/give-back $(BUILD) pooltrace' EXIT
jobs      = --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: demo test bench
demo:
	@$(give_back); scripts/setup demo; $(MAKE) $(jobs) all standin; scripts/demo $(BUILD)

test:
	@$(give_back); scripts/setup test; $(MAKE) $(jobs) test-programs; BUILD=$(BUILD) scripts/test $(SUITES)

# The tests of the published wheel for each release that is known: several gigabytes are downloaded, once.
.PHONY: test-releases
test-releases:
	@$(give_back); scripts/setup test; $(MAKE) $(jobs) all
	@RELEASES=all ATTACHES=$${ATTACHES:-50} BUILD=$(BUILD) python3 tests/ttnn/test_releases.py

# The static program and its tests on other kernels, under qemu: KERNELS="bookworm trixie" are releases of Debian.
.PHONY: test-kernels
test-kernels: KERNEL_BUILD = $(BUILD)/static
test-kernels:
	@$(give_back); scripts/setup kernels; $(MAKE) $(jobs) BUILD=$(KERNEL_BUILD) STATIC=1 all standin
	@$(give_back); BUILD=$(KERNEL_BUILD) scripts/test kernels

# Every figure of the README's cost section, with its limit.
bench:
	@$(give_back); scripts/setup bench; $(MAKE) $(jobs) all standin; BUILD=$(BUILD) tests/bench/bench

# All that `make test` runs.
.PHONY: test-programs
test-programs: all standin units fuzzers $(BUILD)/cli/mkrecording

# Rules that the compiler does not see: of the house, of shell scripts, of man pages.
.PHONY: check
check:
	@scripts/check

.PHONY: install
install: $(BUILD)/pooltrace
	install -Dm755 $(BUILD)/pooltrace $(DESTDIR)$(PREFIX)/bin/pooltrace
	install -Dm644 docs/pooltrace.1 $(DESTDIR)$(PREFIX)/share/man/man1/pooltrace.1
	install -Dm644 docs/pooltrace-rt.5 $(DESTDIR)$(PREFIX)/share/man/man5/pooltrace-rt.5
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/pooltrace/runtimes $(RUNTIMES)
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/doc/pooltrace README.md CHANGELOG.md LICENSE docs/json.md \
		docs/recording-format.md

# Of what is committed.
.PHONY: dist
dist:
	@mkdir -p $(BUILD)
	git archive --prefix=pooltrace-$(VERSION)/ -o $(BUILD)/pooltrace-$(VERSION).tar.gz HEAD

.PHONY: clean
clean:
	rm -rf $(BUILD) $(if $(filter build,$(BUILD)),pooltrace)

# Headers that each object was compiled with. A tree that is built is a few hundred of them.
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
