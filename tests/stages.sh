# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What `make test` runs: sourced by tests/run.sh.
stage "build" make -j2 CI=1 all
stage "layers" make -s CI=1 check-layers check-mnl
stage "format" make -s format-check
stage "unit tests" make -s -j2 CI=1 check
stage "anomaly score" make -s -j2 CI=1 check-score SCORE_SEEDS=12
stage "BPF tests" make -s -j2 CI=1 check-bpf
stage "differential" make -s -j2 CI=1 check-differential
stage "replay" make -s CI=1 check-replay
# Scenarios mostly wait: what only computes fills the time.
beside "lint" make -s lint QUICK=1
beside "fuzz corpora" make -s check-fuzz-corpus
stage "end to end, and the demo beside it" make -s -j2 CI=1 demo-run check-e2e JOBS=3
together
stage "fuzz packets and responses" make -s -j2 CI=1 fuzz-parse fuzz-http1 SECONDS=60
stage "fuzz the rest" make -s -j9 CI=1 fuzz-baseline fuzz-capture fuzz-chunk fuzz-config fuzz-control fuzz-csv fuzz-cuts fuzz-hosts fuzz-request fuzz-snapshot SECONDS=15
stage "bench" make -s bench CHECK=1
stage "man pages" make -s check-man
stage "install" make -s check-install
stage "Helm chart" make -s CI=1 check-chart
