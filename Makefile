# pooltrace: see README.md. `make` builds, `make demo` shows, `make test` tests, `make bench` measures.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

BUILD    ?= build
CC       ?= gcc
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
PACKAGES := libbpf libdw libelf capstone libzstd libxxhash jansson
CFLAGS   ?= -O2 -g
CPPFLAGS += -Iuser -Ibpf -I$(BUILD)/include -D_GNU_SOURCE -DPOOLTRACE_VERSION='"$(VERSION)"'
ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(CFLAGS) $(CPPFLAGS)
ifeq ($(STATIC),1)
LDFLAGS  += -static
LIBS      = $(shell pkg-config --static --libs $(PACKAGES)) -lbz2 -llzma -lz -lm
else
LIBS      = $(shell pkg-config --libs $(PACKAGES)) -lm
endif

ROOMS    := base stream target runtime ledger view live cmd
SOURCES  := $(foreach room,$(ROOMS),$(wildcard user/$(room)/*.c))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o)
# Everything that unit tests and fuzzers link: all but the room that needs a kernel, and the one that uses it.
PURE     := $(filter-out user/live/% user/cmd/%,$(SOURCES))
RUNTIMES := $(wildcard runtimes/*.rt)

.PHONY: all
all: $(BUILD)/pooltrace pooltrace

pooltrace: $(BUILD)/pooltrace
	$(Q)ln -sf $< $@

$(BUILD)/pooltrace: $(OBJECTS) $(BUILD)/runtimes.o
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# The kernel half.
$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h) vmlinux/vmlinux.h
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall $(if $(WERROR),-Werror) -Ibpf -Ivmlinux -idirafter /usr/include/x86_64-linux-gnu -c $< -o $@

BPF_PARTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard bpf/*.bpf.c))
$(BUILD)/bpf/pooltrace.linked.o: $(BPF_PARTS)
	$(call say,LINK,$@)$(BPFTOOL) gen object $@ $^

$(BUILD)/include/pooltrace.skel.h: $(BUILD)/bpf/pooltrace.linked.o
	@mkdir -p $(@D)
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name pooltrace_bpf > $@

$(patsubst %.c,$(BUILD)/%.o,$(wildcard user/live/*.c)): $(BUILD)/include/pooltrace.skel.h

# The runtime files, built in.
$(BUILD)/runtimes.c: scripts/embed-runtimes $(RUNTIMES)
	@mkdir -p $(@D)
	$(call say,EMBED,$@)scripts/embed-runtimes $(RUNTIMES) > $@

$(BUILD)/runtimes.o: $(BUILD)/runtimes.c
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) -c $< -o $@

# Unit tests: the pure rooms under AddressSanitizer and UndefinedBehaviorSanitizer, no root, no kernel.
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_OBJECTS := $(PURE:%.c=$(BUILD)/san/%.o) $(BUILD)/san/runtimes.o

$(BUILD)/san/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(filter-out -O2,$(ALL_CFLAGS)) $(SANITIZE) -MMD -MP -c $< -o $@

$(BUILD)/san/runtimes.o: $(BUILD)/runtimes.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) $(SANITIZE) -c $< -o $@

$(BUILD)/unit/test_%: $(BUILD)/san/tests/unit/test_%.o $(UNIT_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(SANITIZE) $^ $(LIBS) -lcmocka -o $@

.PHONY: unit
unit: $(UNIT)
	$(Q)for t in $^; do (cd $(CURDIR) && ASAN_OPTIONS=detect_leaks=1 $$t) || exit 1; done

.PHONY: clean
clean:
	rm -rf $(BUILD) pooltrace



-include tests/standin/standin.mk
-include tests/cli/cli.mk

# The two commands of the README, set-up included.
.PHONY: demo test check setup-build setup-test
setup-build:
	@scripts/setup build
setup-test:
	@scripts/setup test

demo: setup-build
	@$(MAKE) --no-print-directory all standin
	@BUILD=$(BUILD) scripts/demo

test: setup-test
	@$(MAKE) --no-print-directory all standin $(UNIT) fuzzers
	@BUILD=$(BUILD) scripts/test $(SUITES)

# Fuzzers: clang's libFuzzer over the parsers, linked with the pure rooms.
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ     := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_OBJECTS := $(PURE:%.c=$(BUILD)/fuzzed/%.o) $(BUILD)/fuzzed/runtimes.o

$(BUILD)/fuzzed/%.o: %.c
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(CLANG) $(filter-out -O2,$(ALL_CFLAGS)) $(FUZZ) -MMD -MP -c $< -o $@

$(BUILD)/fuzzed/runtimes.o: $(BUILD)/runtimes.c
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(CLANG) $(ALL_CFLAGS) $(FUZZ) -c $< -o $@

$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzzed/tests/fuzz/fuzz_%.o $(FUZZ_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CLANG) -fsanitize=fuzzer,address,undefined $^ $(LIBS) -o $@

.PHONY: fuzzers
fuzzers: $(FUZZERS)

-include $(FUZZ_OBJECTS:.o=.d)

# Every figure of the README's cost section, with its limit.
.PHONY: bench
bench:
	@scripts/setup bench
	@$(MAKE) --no-print-directory all standin
	@BUILD=$(BUILD) tests/bench/bench

# Rules of the house that the compiler does not see.
check:
	@scripts/check

.PHONY: install
install: $(BUILD)/pooltrace
	install -Dm755 $(BUILD)/pooltrace $(DESTDIR)$(PREFIX)/bin/pooltrace
	install -Dm644 docs/pooltrace.1 $(DESTDIR)$(PREFIX)/share/man/man1/pooltrace.1
	install -Dm644 docs/pooltrace-rt.5 $(DESTDIR)$(PREFIX)/share/man/man5/pooltrace-rt.5
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/pooltrace/runtimes $(RUNTIMES)

.PHONY: dist
dist:
	git archive --prefix=pooltrace-$(VERSION)/ -o pooltrace-$(VERSION).tar.gz HEAD
-include $(OBJECTS:.o=.d) $(PURE:%.c=$(BUILD)/san/%.d) $(wildcard $(BUILD)/san/tests/unit/*.d)
