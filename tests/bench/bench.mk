# Programs of the bench. Read after the top Makefile: make -f Makefile -f tests/bench/bench.mk bench-programs
BENCH := $(BUILD)/bench

.PHONY: bench-programs
bench-programs: $(BENCH)/bench-pairs $(BENCH)/bench-empty $(BENCH)/empty.bpf.o $(BENCH)/bench-generate \
	$(BENCH)/bench-functions $(BENCH)/bench-peak $(BENCH)/libbench_functions.so $(BENCH)/libbench_many.so

$(BENCH)/pairs.o: tests/bench/pairs.cpp $(wildcard tests/standin/*.h)
	@mkdir -p $(@D)
	$(call say,CXX,$@)$(CXX) $(STANDIN_CXXFLAGS) -c $< -o $@

$(BENCH)/bench-pairs: $(BENCH)/pairs.o $(STANDIN)/view.o $(STANDIN)/libstandin_metal.so
	$(call say,LINK,$@)$(CXX) -pthread $(BENCH)/pairs.o $(STANDIN)/view.o -L$(STANDIN) -lstandin_metal \
		-Wl,-rpath,'$$ORIGIN/../standin' -o $@

$(BENCH)/empty.bpf.o: tests/bench/empty.bpf.c bpf/wire.h vmlinux/vmlinux.h
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Ivmlinux -Ibpf \
		-idirafter /usr/include/x86_64-linux-gnu -c $< -o $@

$(BENCH)/bench-empty: $(BUILD)/tests/bench/empty.o $(BUILD)/user/live/links.o $(BUILD)/user/target/process.o $(patsubst %.c,$(BUILD)/%.o,$(wildcard user/base/*.c))
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$(BENCH)/bench-generate: $(BUILD)/tests/bench/generate.o $(patsubst %.c,$(BUILD)/%.o,$(wildcard user/base/*.c user/stream/*.c \
		user/ledger/*.c))
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$(BENCH)/bench-functions: tests/bench/functions.c
$(BENCH)/bench-peak: tests/bench/peak.c
$(BENCH)/bench-functions $(BENCH)/bench-peak:
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(STANDIN_CFLAGS) $< -ldl -o $@

$(BENCH)/libbench_functions.so: tests/bench/functions.S
$(BENCH)/libbench_many.so: tests/bench/many.c
$(BENCH)/libbench_functions.so $(BENCH)/libbench_many.so:
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(STANDIN_CFLAGS) -fPIC -shared -Wl,-soname,$(@F) -Wl,--build-id $< -o $@
