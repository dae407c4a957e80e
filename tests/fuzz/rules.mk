# SPDX-License-Identifier: GPL-2.0-only
# Fuzzers: one for each tests/fuzz/fuzz_NAME.c, with seeds in corpus/NAME and, where there is one, NAME.dict.

SECONDS    ?= 60
FUZZ_SRCS  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BINS  := $(FUZZ_SRCS:tests/fuzz/%.c=build/fuzz/%)
FUZZ_FLAGS := -std=gnu11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# What fuzzers take from: the user side without the kernel, and the BPF programs on the host.
FUZZ_OBJS := $(patsubst %.c,build/fuzz/obj/%.o,\
	     $(filter-out user/main.c user/cmd/% user/kernel/%,$(SRCS)) $(wildcard tests/bpf/host*.c) tests/bpf/packet.c tests/bpf/target.c)

build/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  FUZZ $@"
	@$(CLANG) $(CPPFLAGS) -I. $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

build/fuzz/obj/tests/bpf/host.o: CPPFLAGS := -Itests/bpf/host -Ibpf $(CPPFLAGS)
build/fuzz/obj/tests/bpf/host.o: FUZZ_FLAGS += -fno-sanitize=alignment -Wno-unknown-attributes

build/fuzz/objs.a: $(FUZZ_OBJS)
	@rm -f $@
	@ar rcs $@ $^

build/fuzz/fuzz_%: build/fuzz/obj/tests/fuzz/fuzz_%.o build/fuzz/objs.a
	@$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

# New inputs go to build/fuzz/corpus, where the next run begins; what fails stands in build/fuzz.
.PHONY: fuzz
fuzz: $(FUZZ_BINS) ## each fuzzer for SECONDS=60
	@for f in $(FUZZ_BINS:build/fuzz/fuzz_%=%); do \
		echo "fuzz_$$f for $(SECONDS) s"; mkdir -p build/fuzz/corpus/$$f; dict=tests/fuzz/$$f.dict; \
		build/fuzz/fuzz_$$f -max_total_time=$(SECONDS) -max_len=4096 -artifact_prefix=build/fuzz/$$f- -print_final_stats=1 \
			$$([ ! -f $$dict ] || echo -dict=$$dict) build/fuzz/corpus/$$f tests/fuzz/corpus/$$f >build/fuzz/$$f.log 2>&1 || \
			{ tail -40 build/fuzz/$$f.log; exit 1; }; \
		grep -E 'number_of_executed_units' build/fuzz/$$f.log; \
	done
