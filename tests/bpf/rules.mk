# SPDX-License-Identifier: GPL-2.0-only
# Tests of the BPF programs: one program for each tests/bpf/test_*.c. Without
# privileges the parts that need the kernel are skipped, or fail under REQUIRE_BPF=1.

BPF_TEST_SRCS := $(sort $(wildcard tests/bpf/test_*.c))
BPF_TEST_BINS := $(BPF_TEST_SRCS:%.c=$(B)/%)
BPF_TEST_LIB  := $(patsubst %.c,$(B)/%.o,$(filter-out $(BPF_TEST_SRCS),$(wildcard tests/bpf/*.c)))

# The programs' own source for the host; BPF has no alignment to mind.
$(B)/tests/bpf/host.o: CPPFLAGS := -Itests/bpf/host -Ibpf -I. $(CPPFLAGS)
$(B)/tests/bpf/host.o: SANFLAGS += -fno-sanitize=alignment

$(BPF_TEST_LIB) $(BPF_TEST_SRCS:%.c=$(B)/%.o): build/gen/spikewatch.skel.h
$(B)/tests/bpf/test_%: $(B)/tests/bpf/test_%.o $(BPF_TEST_LIB)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka -lpthread

$(B)/tests/bpf/test_reasons: $(B)/user/kernel/reasons.o $(B)/user/kernel/sites.o
$(B)/tests/bpf/test_chains: $(B)/user/kernel/chain_index.o

.PHONY: check-bpf
check-bpf: $(BPF_TEST_BINS) ## tests of the BPF programs, on the host and in the kernel (root)
	tests/run-unit.sh $^
