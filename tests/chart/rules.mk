# SPDX-License-Identifier: GPL-2.0-only
# The Helm chart and the manifest that is rendered from it.
.PHONY: check-chart manifest
check-chart: $(B)/spikewatch ## the Helm chart: lint, what it renders, what it refuses (npm)
	@SPIKEWATCH=$(abspath $(B)/spikewatch) tests/chart/run.sh

manifest: ## deploy/spikewatch.yaml anew, from the chart (npm)
	@tools/chart-tools.sh
	@tools/make-manifest.sh >build/spikewatch.yaml
	@mv build/spikewatch.yaml deploy/spikewatch.yaml
