{{/* SPDX-License-Identifier: GPL-2.0-only */}}
{{- define "spikewatch.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "spikewatch.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "spikewatch.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "spikewatch.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "spikewatch.selectorLabels" -}}
app.kubernetes.io/name: {{ include "spikewatch.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "spikewatch.labels" -}}
{{ include "spikewatch.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "spikewatch.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ printf "%s@%s" .repository .digest }}
{{- else }}{{ printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "spikewatch.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "spikewatch.fullname" .) }}
{{- else }}
{{- required "serviceAccount.name must be given where serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* off, kubelet or api: YAML 1.1 takes an unquoted off for false. */}}
{{- define "spikewatch.names" -}}
{{- ternary .Values.names "off" (kindIs "string" .Values.names) }}
{{- end }}

{{/* An IPv6 address in brackets before the port. */}}
{{- define "spikewatch.listen" -}}
{{- $address := .Values.metrics.address }}
{{- printf (ternary "[%s]:%d" "%s:%d" (contains ":" $address)) $address (int .Values.metrics.port) }}
{{- end }}

{{/* Where the kubelet asks for health: on the node itself. */}}
{{- define "spikewatch.healthHost" -}}
{{- get (dict "0.0.0.0" "127.0.0.1" "::" "::1") .Values.metrics.address | default .Values.metrics.address }}
{{- end }}

{{/* spikewatch.yaml: values.config, and what follows from other values. */}}
{{- define "spikewatch.config" -}}
{{- $config := deepCopy .Values.config }}
{{- range $key := list "resolve" "stdout" }}
{{- if and (hasKey $config $key) (eq (toString (get $config $key)) "false") }}
{{- $_ := set $config $key "off" }}
{{- end }}
{{- end }}
{{- if .Values.clusterCidrs }}
{{- $http := merge (dict "count" "server-side" "cluster_cidrs" .Values.clusterCidrs) (get $config "http" | default dict) }}
{{- $_ := set $config "http" $http }}
{{- end }}
{{- if ne (include "spikewatch.names" .) "off" }}
{{- $kubernetes := merge (dict "names" (include "spikewatch.names" .)) (get $config "kubernetes" | default dict) }}
{{- $_ := set $config "kubernetes" $kubernetes }}
{{- end }}
{{- $_ := set $config "metrics" (dict "listen" (include "spikewatch.listen" .)) }}
{{- $_ := set $config "journald" (dict "enabled" .Values.journald.enabled) }}
{{- toYaml $config }}
{{- end }}

{{- define "spikewatch.securityContext" -}}
readOnlyRootFilesystem: true
runAsUser: 0
runAsGroup: 0
{{- if eq .Values.profile "privileged" }}
privileged: true
{{- else }}
privileged: false
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
  add: {{ toJson .Values.capabilities.add }}
{{- with .Values.capabilities.seccompProfile }}
seccompProfile: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.capabilities.appArmorProfile }}
appArmorProfile: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with .Values.seLinuxOptions }}
seLinuxOptions: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "spikewatch.probe" -}}
httpGet:
  host: {{ include "spikewatch.healthHost" .root | quote }}
  port: metrics
  path: {{ .path }}
{{ toYaml .probe }}
{{- end }}
