# SPDX-License-Identifier: GPL-2.0-only
# Fuzzers: one for each tests/fuzz/fuzz_NAME.c, with seeds in corpus/NAME and, where there is one, NAME.dict.

SECONDS    ?= 60
FUZZ_SRCS  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BINS  := $(FUZZ_SRCS:tests/fuzz/%.c=build/fuzz/%)
FUZZ_FLAGS := -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION -std=gnu11 -g -O2 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# What fuzzers take from: the user side without the kernel, and the BPF programs on the host.
FUZZ_OBJS := $(patsubst %.c,build/fuzz/obj/%.o,\
	     $(filter-out user/main.c user/cmd/% user/sensor/% user/kernel/%,$(SRCS)) $(wildcard tests/bpf/host*.c) tests/bpf/packet.c tests/bpf/target.c \
	     $(filter-out $(FUZZ_SRCS),$(wildcard tests/fuzz/*.c)))

# What is looked for is new paths in what is tested, not in what tests.
FUZZ_COVER := -fsanitize=fuzzer-no-link
$(patsubst %,build/fuzz/obj/tests/%.o,bpf/host_maps bpf/packet bpf/target fuzz/dialogue fuzz/doubts fuzz/reached fuzz/fuzz_http1): FUZZ_COVER :=

build/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  FUZZ $@"
	@$(CLANG) $(CPPFLAGS) -I. $(FUZZ_FLAGS) $(FUZZ_COVER) -MMD -MP -c -o $@ $<

build/fuzz/obj/tests/bpf/host.o: CPPFLAGS := -Itests/bpf/host -Ibpf $(CPPFLAGS)
build/fuzz/obj/tests/bpf/host.o: FUZZ_FLAGS += -fno-sanitize=alignment -Wno-unknown-attributes

build/fuzz/objs.a: $(FUZZ_OBJS)
	@rm -f $@
	@ar rcs $@ $^

build/fuzz/fuzz_%: build/fuzz/obj/tests/fuzz/fuzz_%.o build/fuzz/objs.a
	@$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

# With CI=1 the seed is always the same (../differential/rules.mk).
FUZZ_RUNS := $(FUZZ_BINS:build/fuzz/fuzz_%=fuzz-%)
.PHONY: fuzz $(FUZZ_RUNS) check-fuzz-corpus
fuzz: $(FUZZ_RUNS) ## each fuzzer for SECONDS=60, SEED= or by chance; fuzz-NAME: one (-j2: side by side)
$(FUZZ_RUNS): fuzz-%: build/fuzz/fuzz_%
	@tests/fuzz/fuzz.sh $* $(SECONDS) $(SEED)

check-fuzz-corpus: $(FUZZ_BINS) ## the fuzzers' corpora, which raise every counter of parsing and of HTTP
	@tests/fuzz/corpus.sh $(abspath build/fuzz)
