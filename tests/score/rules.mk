# SPDX-License-Identifier: GPL-2.0-only
# The score's properties on made series. CI takes fixed seeds; otherwise they rotate, and are printed.
SCORE_SEEDS ?= 50
SCORE_FIRST ?= $(if $(CI),0,$(shell od -An -N2 -tu2 /dev/urandom | tr -d ' '))
SCORE_OBJS  := $(patsubst %.c,$(B)/%.o,$(wildcard tests/score/*.c)) $(filter $(B)/user/anomaly/%,$(OBJS))

$(B)/tests/score/steady.o: CPPFLAGS += -DCOST_MOST_US=$(if $(SAN),2000,20)
$(B)/tests/score/suite: $(SCORE_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ -lm

.PHONY: check-score
check-score: $(B)/tests/score/suite ## figures of the anomaly score beside their targets
	@$(B)/tests/score/suite -s $(SCORE_SEEDS) -b $(SCORE_FIRST)
