#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Prints deploy/spikewatch.yaml: what the Helm chart renders by default, with a namespace before it.
set -eu
cd "$(dirname "$0")/.."
helm=${HELM:-build/chart-tools/helm}
cat <<'END'
# SPDX-License-Identifier: GPL-2.0-only
# spikewatch on every node, for clusters without Helm. `make manifest` renders it from deploy/helm/spikewatch:
# change values there, not here. docs/EKS.md says which image to set, and what to look at.
apiVersion: v1
kind: Namespace
metadata:
  name: spikewatch
  labels:
    # hostNetwork, hostPath and the capabilities to load BPF programs.
    pod-security.kubernetes.io/enforce: privileged
    pod-security.kubernetes.io/warn: privileged
END
# Helm does not manage what is applied without it.
$helm template spikewatch deploy/helm/spikewatch --namespace spikewatch |
  grep -vE '^# Source: |^ +(app.kubernetes.io/managed-by|helm.sh/chart): '
