# SPDX-License-Identifier: GPL-2.0-only
# spikewatch: `make help` lists the targets.

VERSION  := $(shell cat VERSION)
REVISION := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo release)
PREFIX   ?= /usr
SYSCONFDIR ?= /etc

CC      ?= gcc
CLANG   ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
NATIVE  := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')

# ARCH=arm64 (or amd64) on another architecture: a cross build, in a folder of its own.
ARCH    := $(NATIVE)
override ARCH := $(patsubst x86_64,x86,$(patsubst amd64,x86,$(patsubst aarch64,arm64,$(ARCH))))
TRIPLET := $(patsubst x86,x86_64,$(patsubst arm64,aarch64,$(ARCH)))-linux-gnu
PKG_CONFIG := pkg-config
BUILD   := build
ifneq ($(ARCH),$(NATIVE))
BUILD   := build/$(ARCH)
CC      := $(TRIPLET)-gcc
PKG_CONFIG := PKG_CONFIG_LIBDIR=/usr/lib/$(TRIPLET)/pkgconfig:/usr/share/pkgconfig pkg-config
endif

# SAN=1: AddressSanitizer and UndefinedBehaviorSanitizer, in a folder of its own.
ifdef SAN
B := $(BUILD)/san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
B := $(BUILD)
endif

PKGS     := libbpf libelf zlib libmnl yaml-0.1 jansson libpcap sqlite3 libseccomp libmicrohttpd libcurl libcares
# Optional: countries and AS of addresses.
PKGS     += $(shell $(PKG_CONFIG) --exists libmaxminddb 2>/dev/null && echo libmaxminddb)
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter $(if $(CI),-Werror)
CPPFLAGS += -D_GNU_SOURCE $(if $(filter libmaxminddb,$(PKGS)),-DHAVE_MAXMINDDB) -Iinclude -Iuser -I. -isystem $(BUILD)/gen $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) $(SANFLAGS) -fstack-protector-strong
LDLIBS   := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -lm

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

# One file that needs no other: the same objects with static libraries. Those that Debian has no usable
# archive of are built from its sources once, of libmnl a stand-in is linked. ld warns of functions that would
# load libraries: users and groups are read from files without, names are asked for by c-ares.
STATIC := $(B)/static
LIBS   ?= $(STATIC)/libs
STATIC_BUILT := pcap microhttpd curl
STATIC_PKGS  := $(filter-out libmnl libpcap libmicrohttpd libcurl,$(PKGS)) libssl
STATIC_LIBS   = -L$(LIBS)/lib $(STATIC_BUILT:%=-l%) $(shell $(PKG_CONFIG) --static --libs $(STATIC_PKGS) zlib) -lm

.PHONY: static
static: $(STATIC)/spikewatch ## build/static/spikewatch, one file without shared libraries (see deploy/image/)

$(STATIC)/spikewatch: $(OBJS) $(B)/deploy/image/mnl.o $(B)/deploy/image/nss.o | $(LIBS)/built
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -static-pie -Wl,--gc-sections -o $@ $^ $(STATIC_LIBS) 2>$(STATIC)/link.log || \
		{ cat $(STATIC)/link.log >&2; false; }

$(LIBS)/built:
	$(Q)deploy/image/libs.sh $(@D) $(ARCH)

# The skeleton comes first: only user/kernel/ may include it (make check-layers).
$(filter $(B)/user/kernel/%,$(OBJS)): $(BUILD)/gen/spikewatch.skel.h $(BUILD)/gen/chains.skel.h
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# --version: the stamp changes with the commit, and takes main.o along.
$(B)/user/main.o: CPPFLAGS += -DSPIKEWATCH_VERSION='"$(VERSION)"' -DSPIKEWATCH_REVISION='"$(REVISION)"'
$(B)/user/main.o: $(B)/revision
$(B)/revision: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(REVISION)' | cmp -s - $@ || echo '$(VERSION) $(REVISION)' >$@
.PHONY: FORCE

# --- BPF object and skeleton --------------------------------------------------------------------
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -D__TARGET_ARCH_$(ARCH) -Wall -Werror -I. -Iinclude -Ibpf

SKELETONS := $(BUILD)/gen/spikewatch.skel.h $(BUILD)/gen/chains.skel.h

$(SKELETONS:$(BUILD)/gen/%.skel.h=$(BUILD)/%.bpf.o): $(BUILD)/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

$(SKELETONS): $(BUILD)/gen/%.skel.h: $(BUILD)/%.bpf.o
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q){ echo '/* NOLINTBEGIN: generated */'; $(BPFTOOL) gen skeleton $< name $(*:chains=chains_bpf); \
		echo '/* NOLINTEND */'; } >$@

.PHONY: vmlinux
vmlinux: ## regenerate the trimmed vmlinux.h from this kernel's BTF
	tools/make-vmlinux.sh

# --- tests --------------------------------------------------------------------------------------
# One program for each tests/unit/test_*.c, linked with all but the edges to the kernel.
UNIT_SRCS := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BINS := $(UNIT_SRCS:%.c=$(B)/%)
UNIT_OBJS := $(filter-out $(B)/user/main.o $(B)/user/cmd/% $(B)/user/sensor/% $(B)/user/kernel/%,$(OBJS))

$(B)/tests/unit/test_%: $(B)/tests/unit/test_%.o $(UNIT_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# Of the edges, what needs no kernel.
$(B)/tests/unit/test_plan: $(addprefix $(B)/user/,sensor/plan.o kernel/links.o kernel/rtnl.o)
$(B)/tests/unit/test_blind: $(B)/user/sensor/blind.o
$(B)/tests/unit/test_sight: $(addprefix $(B)/user/sensor/,blind.o sight.o)
$(B)/tests/unit/test_grace: $(B)/user/kernel/grace.o
$(B)/tests/unit/test_state: $(addprefix $(B)/user/sensor/,state.o recall.o)

$(B)/tests/e2e/journal_send: $(B)/tests/e2e/journal_send.o $(UNIT_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: test test-long check check-replay check-e2e check-layers check-man check-install check-kernels
test: ## everything that CI checks (root); installs what it needs
	@tools/deps.sh test
	@tests/run.sh tests/stages.sh

# docs/TEST-LONG.txt keeps what each stage gave last.
test-long: ## what takes longer: sanitizers, long fuzzing, other kernels (root); STAGES=REGEX: those of that name
	@tools/deps.sh test
	@STAGES='$(STAGES)' tests/run.sh tests/stages-long.sh docs/TEST-LONG.txt

check: $(UNIT_BINS) ## unit tests (no privileges)
	@tests/run-unit.sh $(UNIT_BINS)

check-e2e: $(B)/spikewatch $(B)/tests/e2e/journal_send $(B)/bench/flood ## network namespaces, nginx, nftables, journald (root)
	@SPIKEWATCH=$(abspath $(B)/spikewatch) JOURNAL_SEND=$(abspath $(B)/tests/e2e/journal_send) FLOOD=$(abspath $(B)/bench/flood) tests/e2e/run.sh $(ONLY)

check-replay: $(B)/spikewatch ## captures of every kind through `spikewatch replay` (root)
	@SPIKEWATCH=$(abspath $(B)/spikewatch) tests/replay/run.sh

check-layers: ## dependencies run one way
	@tools/check-layers.sh

check-man:
	@for page in man/*.[58]; do mandoc -Tlint -Wwarning "$$page" || exit 1; done

check-install: all
	@tests/install.sh

check-kernels: ## load and count under other kernels, in QEMU; ARCH=arm64: after `make image ARCH=arm64`
ifeq ($(ARCH),$(NATIVE))
	@$(MAKE) -s all
	@tests/vm/run.sh
else
	@ARCH=$(ARCH) tests/vm/run.sh
endif

-include tests/bpf/rules.mk bench/rules.mk tests/fuzz/rules.mk tests/differential/rules.mk tests/score/rules.mk tests/chart/rules.mk

# --- people -------------------------------------------------------------------------------------
.PHONY: help deps run demo demo-run
help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 16

deps: ## install what is missing to build and run
	@tools/deps.sh build

# What deps installs is found only by a make that starts after it.
run: ## watch this host and print alerts (root)
	@tools/deps.sh build
	@$(MAKE) -s all
	@$(abspath $(B)/spikewatch) run $(ARGS)

demo: ## both alerts on a gateway of network namespaces, in under 90 s (root)
	@tools/deps.sh test
	@$(MAKE) -s demo-run

demo-run: all
	@tools/demo.sh

# --- looks --------------------------------------------------------------------------------------
CLANG_FORMAT ?= clang-format
FORMAT_FILES := $(filter-out vmlinux.h,$(shell git ls-files -co --exclude-standard '*.c' '*.h' 2>/dev/null))
LINT_FILES   := $(SRCS:%=lint/%)

.PHONY: format format-check lint lint-cppcheck $(LINT_FILES)
format: ## rewrite all C files in the project's format
	$(CLANG_FORMAT) -i $(FORMAT_FILES)

# Other major versions of clang-format break lines elsewhere.
format-check: ## are they in it?
	@if $(CLANG_FORMAT) --version | grep -q 'version 14\.'; then \
		$(CLANG_FORMAT) --dry-run --Werror $(FORMAT_FILES); \
	else echo "skip format-check: it needs clang-format 14"; echo "0 passed, 0 failed, 1 skipped"; fi

# QUICK=1 leaves out clang's static analyzer, which takes most of the time.
lint: $(LINT_FILES) lint-cppcheck ## clang-tidy and cppcheck
$(LINT_FILES): lint/%: $(SKELETONS)
	@clang-tidy --quiet $(if $(QUICK),--checks='-clang-analyzer-*') $* -- $(CPPFLAGS) -std=gnu11 -DSPIKEWATCH_VERSION='""' -DSPIKEWATCH_REVISION='""' 2>/dev/null
lint-cppcheck:
	@cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
		-D'DECLARE_LIBBPF_OPTS(TYPE, NAME, ...)=struct TYPE NAME = { __VA_ARGS__ }' -Iinclude -Iuser -I. user

# --- install ------------------------------------------------------------------------------------
.PHONY: install deb check-deb clean
install: all ## into DESTDIR and PREFIX
	install -Dm755 $(B)/spikewatch $(DESTDIR)$(PREFIX)/bin/spikewatch
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man8 man/spikewatch.8
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man5 man/spikewatch.yaml.5
	install -Dm644 -t $(DESTDIR)$(PREFIX)/lib/systemd/catalog deploy/systemd/spikewatch.catalog
	install -Dm644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system deploy/systemd/spikewatch.service
	sed -i 's|/usr/bin/spikewatch|$(PREFIX)/bin/spikewatch|' $(DESTDIR)$(PREFIX)/lib/systemd/system/spikewatch.service
	install -Dm644 deploy/systemd/spikewatch.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/spikewatch.conf
	@test -e $(DESTDIR)$(SYSCONFDIR)/spikewatch/spikewatch.yaml || \
		install -Dvm644 -t $(DESTDIR)$(SYSCONFDIR)/spikewatch config/spikewatch.yaml

# The root file system of deploy/Dockerfile and of `make image`.
IMAGE_ROOT ?= $(B)/image/root
.PHONY: image image-root check-image check-static check-mnl
image-root: $(STATIC)/spikewatch
	$(call say,ROOT,$(IMAGE_ROOT))
	$(Q)deploy/image/rootfs.sh $< $(IMAGE_ROOT) $(LIBS)

image: ## build/image/oci, an OCI layout of the container image; ARCH=arm64 in a Debian of its own (root)
	@tools/deps.sh oci
ifeq ($(ARCH),$(NATIVE))
	@tools/deps.sh image
	@$(MAKE) -s image-root
else
	@deploy/image/cross.sh build/cross-$(ARCH) $(ARCH) make -s image-root ARCH=$(ARCH) REVISION=$(REVISION)
endif
	$(call say,OCI,$(B)/image/oci)
	$(Q)deploy/image/oci.sh $(IMAGE_ROOT) $(B)/image/oci $(ARCH) $(REVISION)

check-image: image ## the container image: what it says, what is in it, and it is the same each time (root)
	@tests/image.sh $(B) $(ARCH)

# The stand-in for libmnl has every function that is called, though `make test` links no static program.
check-mnl: $(B)/deploy/image/mnl.o $(OBJS)
	@nm $^ | awk '$$1 == "U" && $$2 ~ /^mnl_/ { wanted[$$2] } $$2 == "T" { there[$$3] } END { \
		for (f in wanted) if (!(f in there)) { print "deploy/image/mnl.c has no " f "()"; bad = 1 } exit bad }'

# What static libraries may do otherwise: netlink, TLS, names, sockets, groups.
check-static: static $(B)/tests/e2e/journal_send
	@SPIKEWATCH=$(abspath $(STATIC)/spikewatch) JOURNAL_SEND=$(abspath $(B)/tests/e2e/journal_send) \
		tests/e2e/run.sh image.sh interfaces.sh names.sh webhook.sh metrics.sh control.sh state.sh service.sh life.sh replay.sh

deb: all ## build/deb/spikewatch_VERSION_ARCH.deb
	@tools/make-deb.sh

check-deb: all ## the package, installed, started by its systemd, upgraded, removed and purged in a Debian of its own (root)
	@tests/deb.sh

clean: ## remove all that was built
	rm -rf build

# Not of build/cross-*, a Debian, in which bison has D.
-include $(shell find build -path 'build/cross-*' -prune -o -name '*.d' -type f -print 2>/dev/null)
