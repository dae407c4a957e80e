# SPDX-License-Identifier: GPL-2.0-only
# The sensor against a plain reference counter, on random captures. CI keeps the seed; SEED= (empty)
# takes a random one and prints it. CASES= of each class.

SEED ?= 1

.PHONY: check-differential
check-differential: $(B)/spikewatch ## replayed captures against a reference counter (root)
	@cd tests/differential && python3 -B -m unittest
	@SPIKEWATCH=$(abspath $(B)/spikewatch) python3 -B tests/differential/run.py $(if $(SEED),--seed $(SEED)) $(if $(CASES),--cases $(CASES))
