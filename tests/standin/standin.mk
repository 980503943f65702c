# The stand-in runtime and the programs that use it. Included by the top Makefile.
#
# The flags make gcc's functions begin as the published library's do (clang's): with a push, in one part, calling each
# other through the PLT. tests/standin/compare holds that.
ifeq ($(origin CXX),default)
CXX := g++
endif
CXX ?= g++

STANDIN          := $(BUILD)/standin
STANDIN_CXXFLAGS := -std=c++17 -O2 -pthread -Wall -Wextra -Wshadow -Wno-invalid-offsetof $(if $(WERROR),-Werror)
STANDIN_SHAPE    := -fPIC -fcf-protection=none -fno-stack-protector
STANDIN_LIBRARY  := getters free_list bank_manager allocator mesh
STANDIN_PROGRAMS := $(STANDIN)/standin-infer $(STANDIN)/standin-storm $(STANDIN)/standin-pools $(STANDIN)/standin-stacks

# What only gcc knows; asked when something of the stand-in is built. Getters have no frame to push.
standin_gcc_shape = $(if $(findstring clang,$(shell $(CXX) --version)),,-fno-schedule-insns2 \
	-fno-reorder-blocks-and-partition $(if $(filter %/getters.o,$@),,-fno-shrink-wrap))

.PHONY: standin
standin: $(STANDIN)/libstandin_metal.so $(STANDIN_PROGRAMS) $(STANDIN)/libstandin_plugin.so $(STANDIN)/standin-lives $(STANDIN)/standin-static \
	$(STANDIN)/libstandin_through.so $(STANDIN)/libstandin_pool.so $(STANDIN)/standin-calls $(STANDIN)/standin-throws \
	$(STANDIN)/endbr/libstandin_pool.so $(STANDIN)/sites/libstandin_pool.so \
	$(STANDIN)/libstandin_ways.so $(STANDIN)/standin-leaves

$(STANDIN_LIBRARY:%=$(STANDIN)/%.o): $(STANDIN)/%.o: tests/standin/%.cpp
	@mkdir -p $(@D)
	$(call say,CXX,$@)$(CXX) $(STANDIN_CXXFLAGS) $(STANDIN_SHAPE) $(standin_gcc_shape) -MMD -MP -c $< -o $@

$(STANDIN)/libstandin_metal.so: $(STANDIN_LIBRARY:%=$(STANDIN)/%.o)
	$(call say,LINK,$@)$(CXX) -shared -pthread -Wl,-soname,$(@F) -Wl,--build-id -Wl,-z,lazy $^ -o $@

$(STANDIN)/%.o: tests/standin/%.cpp
	@mkdir -p $(@D)
	$(call say,CXX,$@)$(CXX) $(STANDIN_CXXFLAGS) -MMD -MP -c $< -o $@

$(STANDIN_PROGRAMS): $(STANDIN)/standin-%: $(STANDIN)/%.o $(STANDIN)/view.o $(STANDIN)/libstandin_metal.so
	$(call say,LINK,$@)$(CXX) -pthread -Wl,--build-id $< $(STANDIN)/view.o -L$(STANDIN) -lstandin_metal -Wl,-rpath,'$$ORIGIN' -o $@

# What a program loads late, and a program that does.
$(STANDIN)/pic/%.o: tests/standin/%.cpp
	@mkdir -p $(@D)
	$(call say,CXX,$@)$(CXX) $(STANDIN_CXXFLAGS) -fPIC -MMD -MP -c $< -o $@

$(STANDIN)/libstandin_plugin.so: $(STANDIN)/pic/plugin.o $(STANDIN)/pic/view.o $(STANDIN)/libstandin_metal.so
	$(call say,LINK,$@)$(CXX) -shared -pthread $(filter %.o,$^) -L$(STANDIN) -lstandin_metal -Wl,-rpath,'$$ORIGIN' -o $@

$(STANDIN)/standin-lives: $(STANDIN)/lives.o
	$(call say,LINK,$@)$(CXX) -pthread $< -ldl -o $@

# The storm with a copy of the runtime in the program itself, and no dynamic linker.
$(STANDIN)/standin-static: $(STANDIN)/storm.o $(STANDIN)/view.o $(STANDIN_LIBRARY:%=$(STANDIN)/%.o)
	$(call say,LINK,$@)$(CXX) -static -pthread $^ -o $@

# A runtime that is a C library, and programs that call it. Its functions stay what they are: each is called, and none is inlined.
STANDIN_CFLAGS := -std=gnu11 -O2 -pthread -Wall -Wextra -Wshadow $(if $(WERROR),-Werror) -fno-optimize-sibling-calls

$(STANDIN)/libstandin_pool.so: tests/standin/pool.c tests/standin/pool.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(STANDIN_CFLAGS) -fPIC -shared -Wl,-soname,$(@F) -Wl,--build-id $< -o $@

# The same library, in folders of their own, with functions that begin otherwise: as a compiler makes them that marks where jumps may
# lead to, and as in sites.S, around those of pool.c.
POOL_NAMES := my_pool_alloc my_pool_free my_pool_call my_pool_jump dev_set dev_alloc dev_free drv_alloc drv_free host_create host_release

$(STANDIN)/endbr/libstandin_pool.so: tests/standin/pool.c tests/standin/pool.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(STANDIN_CFLAGS) -fcf-protection=branch -fPIC -shared -Wl,-soname,$(@F) -Wl,--build-id $< -o $@

$(STANDIN)/sites/libstandin_pool.so: tests/standin/sites.S tests/standin/pool.c tests/standin/pool.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(STANDIN_CFLAGS) -fPIC -c tests/standin/pool.c -o $(@D)/pool.o
	@objcopy $(foreach name,$(POOL_NAMES),--redefine-sym $(name)=PLAIN_$(name)) $(@D)/pool.o
	@$(CC) $(STANDIN_CFLAGS) -shared -Wl,-soname,$(@F) -Wl,--build-id -Wl,-Bsymbolic $< $(@D)/pool.o -o $@

$(STANDIN)/libstandin_through.so: tests/standin/through.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(STANDIN_CFLAGS) -fPIC -shared -Wl,--build-id $< -o $@

$(STANDIN)/standin-calls: tests/standin/calls.c tests/standin/pool.h $(STANDIN)/libstandin_pool.so
	$(call say,CC,$@)$(CC) $(STANDIN_CFLAGS) $< -L$(STANDIN) -lstandin_pool -Wl,-rpath,'$$ORIGIN' -o $@

$(STANDIN)/standin-throws: tests/standin/throws.cpp tests/standin/pool.h $(STANDIN)/libstandin_pool.so
	$(call say,CXX,$@)$(CXX) $(STANDIN_CXXFLAGS) $< -L$(STANDIN) -lstandin_pool -Wl,-rpath,'$$ORIGIN' -o $@

# A runtime whose functions exceptions pass, each a function of its own, and a program that leaves them in all ways.
$(STANDIN)/libstandin_ways.so: tests/standin/ways.cpp tests/standin/ways.h
	@mkdir -p $(@D)
	$(call say,CXX,$@)$(CXX) $(STANDIN_CXXFLAGS) -fPIC -shared -Wl,-soname,$(@F) -Wl,--build-id -Wl,-Bsymbolic $< -o $@

$(STANDIN)/standin-leaves: tests/standin/leaves.cpp tests/standin/ways.h $(STANDIN)/libstandin_ways.so
	$(call say,CXX,$@)$(CXX) $(filter-out -std=%,$(STANDIN_CXXFLAGS)) -std=c++20 $< -L$(STANDIN) -lstandin_ways -Wl,-rpath,'$$ORIGIN' -o $@

-include $(wildcard $(STANDIN)/pic/*.d)
-include $(wildcard $(STANDIN)/*.d)
