# The command line without root and without a kernel: messages, statuses, recordings. Included by the top Makefile.
$(BUILD)/cli/mkrecording: $(BUILD)/tests/cli/mkrecording.o $(patsubst %.c,$(BUILD)/%.o,$(wildcard user/base/*.c user/stream/*.c \
		user/ledger/*.c))
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

.PHONY: cli
cli: $(BUILD)/pooltrace $(BUILD)/cli/mkrecording
	$(Q)POOLTRACE=$(abspath $(BUILD)/pooltrace) MKRECORDING=$(abspath $(BUILD)/cli/mkrecording) bats tests/cli
