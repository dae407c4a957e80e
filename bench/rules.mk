# SPDX-License-Identifier: GPL-2.0-only
# Benchmarks: what a packet costs above an empty program. The programs are the product's own source.

build/bench/bench.bpf.o: bench/bench.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

build/gen/bench.skel.h: build/bench/bench.bpf.o
	@mkdir -p $(@D)
	$(BPFTOOL) gen skeleton $< name bench_bpf >$@

$(B)/bench/%.o: CPPFLAGS += -I. -Ibuild/gen
$(B)/bench/bench.o: build/gen/bench.skel.h
$(B)/bench/bench: $(B)/bench/bench.o $(B)/bench/cases.o $(B)/tests/bpf/packet.o
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: bench
bench: $(B)/bench/bench ## nanoseconds a packet (root); CHECK=1 compares with bench/expected.txt
	$< $(if $(CHECK),--check bench/expected.txt)

# What makes floods, for tests too.
FLOOD_CFLAGS = -target bpf -mcpu=v3 -O2 -g -Wall -Werror -I/usr/include/$(shell $(CC) -dumpmachine)
build/bench/flood.bpf.o: bench/flood.bpf.c bench/flood.h
	@mkdir -p $(@D)
	$(CLANG) $(FLOOD_CFLAGS) -c -o $@ $<

build/gen/flood.skel.h: build/bench/flood.bpf.o
	@mkdir -p $(@D)
	$(BPFTOOL) gen skeleton $< name flood >$@

$(B)/bench/flood.o: build/gen/flood.skel.h
$(B)/bench/flood: $(B)/bench/flood.o
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/bench/drops.o: build/gen/bench.skel.h
$(B)/bench/drops: $(B)/bench/drops.o $(filter $(B)/user/kernel/reasons.o $(B)/user/util/%,$(OBJS))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: bench-flood
bench-flood: all $(B)/bench/flood $(B)/bench/drops ## what denied packets cost, and forwarding beside a flood (root)
	@SPIKEWATCH=$(abspath $(B)/spikewatch) BIN=$(abspath $(B)/bench) bench/flood.sh
