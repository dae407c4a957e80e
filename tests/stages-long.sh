# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What `make test-long` runs besides: sourced by tests/run.sh.
stage "unit tests, at length" env LONG=1 make -s -j2 CI=1 check
stage "unit tests, sanitizers" make -s -j2 CI=1 SAN=1 check
stage "BPF tests, sanitizers" make -s -j2 CI=1 SAN=1 check-bpf
stage "end to end, all, sanitizers" make -s CI=1 SAN=1 check-e2e LONG=1
stage "adversary, other seeds" env LONG=1 SEED=random make -s CI=1 check-e2e ONLY=adversary.sh
stage "nodes of a cluster" env LONG=1 make -s CI=1 check-e2e ONLY="nodes.sh nodes-pods.sh nodes-policy.sh nodes-redirect.sh"
stage "hundreds of interfaces" env PODS=500 make -s CI=1 check-e2e ONLY=interfaces.sh
stage "keep_attached by clsact" env LONG=1 make -s CI=1 check-e2e ONLY=keep.sh
stage "blind, at length" env LONG=1 make -s CI=1 check-e2e ONLY=blind.sh
stage "replay, as fast as it must be" env AT_LEAST=300000 make -s CI=1 check-replay
stage "fuzz" make -s -j2 fuzz SECONDS=300
stage "anomaly score, other seeds" make -s check-score
stage "kernels" make -s CI=1 check-kernels
stage "flood" make -s CI=1 bench-flood
stage "lint, with the static analyzer" make -s -j2 lint
stage "soak" env SOAK_SECONDS=600 make -s CI=1 check-e2e ONLY=soak.sh
stage "soak, sanitizers" env SOAK_SECONDS=600 make -s CI=1 SAN=1 check-e2e ONLY=soak.sh
stage "container image" make -s CI=1 check-image
stage "end to end, static program" make -s CI=1 check-static
stage "container image, arm64" make -s CI=1 check-image ARCH=arm64
stage "kernels, arm64" make -s CI=1 check-kernels ARCH=arm64
stage "Debian package" make -s check-deb
