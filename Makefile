# SPDX-License-Identifier: GPL-2.0-only
# spikewatch: `make help` lists the targets.

VERSION  := $(shell cat VERSION)
REVISION := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo release)
PREFIX   ?= /usr
SYSCONFDIR ?= /etc

CC      ?= gcc
CLANG   ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
ARCH    := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')

# SAN=1: AddressSanitizer and UndefinedBehaviorSanitizer, in a folder of its own.
ifdef SAN
B := build/san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
B := build
endif

PKGS     := libbpf libelf zlib libmnl yaml-0.1 jansson
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter $(if $(CI),-Werror)
CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iuser -I$(B)/gen -isystem build/gen $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) $(SANFLAGS) -fstack-protector-strong
LDLIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm

# V=1 shows the commands.
ifndef V
Q   := @
say  = @printf '  %-4s %s\n' $(1) $(2)
endif

.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# --- programs ---------------------------------------------------------------------------------
.PHONY: all
all: $(B)/spikewatch

SRCS := $(sort $(wildcard user/*.c user/*/*.c))
OBJS := $(SRCS:%.c=$(B)/%.o)

$(B)/spikewatch: $(OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The skeleton comes first: only user/kernel/ may include it (make check-layers).
$(B)/user/kernel/%.o: build/gen/spikewatch.skel.h
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/user/main.o: CPPFLAGS += -DSPIKEWATCH_VERSION='"$(VERSION)"' -DSPIKEWATCH_REVISION='"$(REVISION)"'

# --- BPF object and skeleton --------------------------------------------------------------------
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -D__TARGET_ARCH_$(ARCH) -Wall -Werror -I. -Iinclude -Ibpf

build/spikewatch.bpf.o: bpf/spikewatch.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

build/gen/spikewatch.skel.h: build/spikewatch.bpf.o
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name spikewatch >$@

.PHONY: vmlinux
vmlinux: ## regenerate the trimmed vmlinux.h from this kernel's BTF
	tools/make-vmlinux.sh

# --- unit tests: one program for each tests/unit/test_*.c ----------------------------------------
UNIT_SRCS := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BINS := $(UNIT_SRCS:%.c=$(B)/%)
# What the pure folders and the edges without the kernel are made of.
UNIT_OBJS := $(filter-out $(B)/user/main.o $(B)/user/cmd/% $(B)/user/kernel/%,$(OBJS))

$(B)/tests/unit/test_%: $(B)/tests/unit/test_%.o $(UNIT_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka
$(B)/tests/unit/%.o: CPPFLAGS += -I.

.PHONY: check
check: $(UNIT_BINS) ## unit tests (no privileges)
	tests/run-unit.sh $(UNIT_BINS)

-include tests/bpf/rules.mk bench/rules.mk tests/fuzz/rules.mk

.PHONY: clean
clean:
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
