# SPDX-License-Identifier: GPL-2.0-only
# The sensor against a plain reference counter, on random captures. With CI=1 the seed is always the
# same, otherwise a random one, which is printed (SEED= takes it again). CASES= of each class.

SEED ?= $(if $(CI),1)

# The same reference in C, which the fuzzer of responses uses: both must say the same.
REFERENCE := $(B)/tests/differential/reference
REFERENCE_OBJS := $(addprefix $(B)/tests/,differential/reference_main.o fuzz/reference.o fuzz/reference_fields.o)

$(REFERENCE): $(REFERENCE_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

.PHONY: check-differential
check-differential: $(B)/spikewatch $(REFERENCE) ## replayed captures against a reference counter (root)
	@cd tests/differential && REFERENCE=$(abspath $(REFERENCE)) python3 -B -m unittest
	@SPIKEWATCH=$(abspath $(B)/spikewatch) python3 -B tests/differential/run.py $(if $(SEED),--seed $(SEED)) $(if $(CASES),--cases $(CASES))
