#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The Helm chart: lint, what it renders (against the types of the Kubernetes API, key by key, and through
# `spikewatch check`), what its schema refuses, and the manifest that is rendered from it.
. "$(dirname "$0")/../lib/check.sh"
cd "$ROOT" || exit 1
said=$(tools/chart-tools.sh 2>&1)
case $? in
0) ;;
77) skip "the chart: $said" && exit 0 ;;
*) die "the chart's tools" "$said" ;;
esac
spikewatch=${SPIKEWATCH:-$ROOT/build/spikewatch}
chart=deploy/helm/spikewatch types=build/chart-tools here=tests/chart
helm=${HELM:-$types/helm}
work=$(mktemp -d)
on_exit rm -rf "$work"
export HELM_CACHE_HOME=$work HELM_CONFIG_HOME=$work HELM_DATA_HOME=$work KUBECONFIG=/dev/null

# render NAME [ARGUMENTS...]: into $work/NAME.yaml, and as JSON, one object a line.
render() {
  local name=$1
  shift
  "$helm" template spikewatch $chart -n watch "$@" >"$work/$name.yaml" 2>"$work/$name.err" || return
  python3 -c 'import json, sys, yaml
for item in filter(None, yaml.safe_load_all(sys.stdin)): print(json.dumps(item))' <"$work/$name.yaml" >"$work/$name.json"
}
# of NAME FILTER: what jq says of the objects that were rendered.
of() {
  jq -rs "def kind(\$k): map(select(.kind == \$k))[0]; def pod: kind(\"DaemonSet\").spec.template.spec;
    def container: pod.containers[0]; $2" "$work/$1.json"
}
config_of() { of "$1" 'kind("ConfigMap").data["spikewatch.yaml"]'; }
effective() { config_of "$1" >"$work/$1.conf" && "$spikewatch" check -c "$work/$1.conf" 2>&1; }

# --- what is rendered is taken ----------------------------------------------------------------------
check "lint" "$helm" lint --strict --quiet $chart
while read -r name arguments; do
  # shellcheck disable=SC2086
  if ! render "$name" $arguments; then fail "$name: rendered" "$(cat "$work/$name.err")"; continue; fi
  check "$name: lint" "$helm" lint --strict --quiet $chart $arguments
  check "$name: every key is one of the API" python3 $here/strict.py $types "$work/$name.yaml"
  check "$name: the configuration is one" effective "$name"
  check_equal "$name: the configuration has no key without effect" "$("$spikewatch" check -q -c "$work/$name.conf" 2>&1 | grep 'no effect')" ""
done <<ROWS
default
capabilities --set profile=capabilities
kubelet --set names=kubelet --kube-version 1.33.0
proxy --set names=kubelet,rbac.nodesProxy=true --kube-version 1.31.0
api --set names=api
full -f $here/values/full.yaml
ROWS
check "an unknown key is found wherever it stands" python3 $here/mutate.py $types "$work/full.yaml"
check "in the pod's own template too" python3 $here/mutate.py $types "$work/default.yaml"
sed 's/hostNetwork: true/hostNetwork: "true"/' "$work/default.yaml" >"$work/wrong.yaml"
check_match "a wrong type is found" "$(python3 $here/strict.py $types "$work/wrong.yaml")" 'hostNetwork: a boolean is expected'
grep -v 'image: ' "$work/default.yaml" | sed 's/- name: spikewatch/- image: x/' >"$work/wrong.yaml"
check_match "a missing key is found" "$(python3 $here/strict.py $types "$work/wrong.yaml")" "containers\[0\]: 'name' is missing"

# --- what is refused --------------------------------------------------------------------------------
while read -r says arguments; do
  # shellcheck disable=SC2086
  if render refused $arguments; then fail "refused: $arguments"; continue; fi
  check_match "refused: $arguments" "$(cat "$work/refused.err")" "${says//_/ }"
done <<ROWS
additional_properties_'profle' --set profle=privileged
value_must_be_one_of_'privileged' --set profile=root
additional_properties_'stat' --set config.stat=x
additional_properties_'state' --set config.state=/x
additional_properties_'cluster.cidrs' --set config.http.cluster_cidrs={10.0.0.0/8}
/clusterCidrs/0 --set clusterCidrs={10.0.0.0}
/metrics/address --set metrics.podMonitor.enabled=true
/metrics/port --set metrics.port=99999
/names --set names=yes
additional_properties_'names' --set config.kubernetes.names=api
/image/digest --set image.digest=sha256:1
/image/repository --set image.repository=
/updateStrategy/rollingUpdate/maxSurge --set updateStrategy.rollingUpdate.maxSurge=1
needs_Kubernetes_1.33 --set names=kubelet --kube-version 1.32.0
incompatible_with_Kubernetes --kube-version 1.29.0
serviceAccount.name_must_be_given --set serviceAccount.create=false
additional_properties_'cpus' --set resources.cpus=1
ROWS

# --- what the pod is --------------------------------------------------------------------------------
while IFS='~' read -r what name query wanted; do
  check_equal "$what" "$(of "$name" "$query")" "$wanted"
done <<'ROWS'
privileged: nothing is left out~default~container.securityContext | "\(.privileged) \(.readOnlyRootFilesystem) \(.capabilities)"~true true null
capabilities: four, and not privileged~capabilities~container.securityContext | "\(.privileged) \(.allowPrivilegeEscalation) \(.readOnlyRootFilesystem) \(.capabilities.drop + .capabilities.add | join(" ")) \(.seccompProfile.type) \(.appArmorProfile.type)"~false false true ALL BPF NET_ADMIN PERFMON SYSLOG RuntimeDefault Unconfined
the host's network, and its names~default~pod | "\(.hostNetwork) \(.dnsPolicy) \(.hostPID) \(.hostIPC)"~true ClusterFirstWithHostNet null null
every node~default~pod | "\(.tolerations | tojson) \(.priorityClassName)"~[{"operator":"Exists"}] system-node-critical
memory is limited, CPU is not~default~container.resources.limits | keys | join(" ")~memory
no token without names~default~"\(pod.automountServiceAccountToken) \(kind("ServiceAccount").automountServiceAccountToken)"~false false
probes ask the node itself~default~[container | .startupProbe, .livenessProbe, .readinessProbe | .httpGet | "\(.host)\(.path)"] | join(" ")~127.0.0.1/healthz 127.0.0.1/healthz 127.0.0.1/readyz
over IPv6~full~[container | .livenessProbe.httpGet.host, .ports[0].containerPort, .ports[0].hostPort] | join(" ")~::1 9555 9555
the journal is a folder~default~pod.volumes[] | select(.name == "journal").hostPath | "\(.path) \(.type)"~/run/systemd/journal Directory
the kubelet's pods alone~kubelet~kind("ClusterRole").rules | tojson~[{"apiGroups":[""],"resources":["nodes/pods"],"verbs":["get"]}]
an older kubelet's~proxy~kind("ClusterRole").rules | tojson~[{"apiGroups":[""],"resources":["nodes/proxy"],"verbs":["get"]}]
the API's pods alone~api~kind("ClusterRole").rules | tojson~[{"apiGroups":[""],"resources":["pods"],"verbs":["list","watch"]}]
the role is the account's~full~kind("ClusterRoleBinding") | "\(.roleRef.name) \(.subjects[0].name) \(.subjects[0].namespace)"~spikewatch-sensor watcher watch
a digest stands above a tag~full~container.image~registry.example.com:5000/team/spikewatch@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ROWS
check_equal "objects without names" "$(of default 'map(.kind) | sort | join(" ")')" "ConfigMap DaemonSet ServiceAccount"
check_equal "the selector selects the pods" \
  "$(of full 'kind("DaemonSet").spec | .template.metadata.labels as $has | .selector.matchLabels | to_entries | map($has[.key] == .value) | all')" true
check_equal "mounts have volumes, and volumes mounts" \
  "$(of full '[pod.volumes[].name] | sort | join(" ")')" "$(of full '[container.volumeMounts[].name] | sort | join(" ")')"
check_match "numbers stay numbers" "$(effective full)" 'count: 1000000,'
check_match "dates stay dates" "$(effective full)" 'until: 2027-01-31'
check_match "names, and how often they are asked for" "$(effective full | grep -A 5 ^kubernetes: | tr -d '\n')" 'names: api.*refresh: 1m'
check_match "off stays off" "$(effective full)" '^resolve: off$'
check_match "server-side where the cluster is known" "$(effective full)" '^  count: server-side$'
check_match "with what else was said of http" "$(effective full)" '^  evidence: none$'
check_match "where metrics listen" "$(effective full)" 'listen: "\[::\]:9555"'
echo 'names: off' >"$work/off.yaml" # false, to YAML 1.1
render off -f "$work/off.yaml"
check_equal "names: off without quotes" "$(of off 'map(.kind) | sort | join(" ")')" "ConfigMap DaemonSet ServiceAccount"
render quiet --set journald.enabled=false
check_match "without journald" "$(effective quiet)" 'enabled: false'
check_equal "nothing of it is mounted" "$(of quiet '[pod.volumes[].name] | index("journal")')" null

sum() { of "$1" 'kind("DaemonSet").spec.template.metadata.annotations["checksum/config"]'; }
render other --set config.memory_budget=32MiB
if [ "$(sum other)" != "$(sum default)" ]; then ok "another configuration makes new pods"; else fail "another configuration makes new pods"; fi
check_equal "the same one does not" "$(sum capabilities)" "$(sum default)"

# --- what must be kept together ---------------------------------------------------------------------
check_equal "the chart's version of the program" "$(sed -n 's/^appVersion: "\(.*\)"$/\1/p' $chart/Chart.yaml)" "$(cat VERSION)"
# Of spikewatch.yaml each key is either the operator's or the chart's.
check_equal "the schema knows every key of the configuration" \
  "$(jq -r '.properties.config.properties | keys[]' $chart/values.schema.json | cat - <(printf '%s\n' metrics journald state control) | sort)" \
  "$("$spikewatch" check | sed -n 's/^\([a-z_]*\):.*/\1/p' | sort)"
check_equal "every value has a place in the schema" "$(python3 -c '
import json, sys, yaml
values, schema = yaml.safe_load(open(sys.argv[1])), json.load(open(sys.argv[2]))
def missing(value, schema, where):
    for key, item in value.items():
        inner = schema.get("properties", {}).get(key)
        if inner is None: yield where + key
        elif isinstance(item, dict) and "properties" in inner: yield from missing(item, inner, where + key + ".")
print(*missing(values, schema, ""))' $chart/values.yaml $chart/values.schema.json)" ""
check_equal "every value is used" "$(python3 -c '
import glob, re, sys, yaml
text = "".join(open(path).read() for path in glob.glob(sys.argv[1] + "/templates/*"))
print(*(key for key in yaml.safe_load(open(sys.argv[1] + "/values.yaml")) if not re.search(r"\.Values\." + key + r"\b", text)))' $chart)" ""
tools/make-manifest.sh >"$work/manifest.yaml"
check "the manifest is what the chart renders" diff -u deploy/spikewatch.yaml "$work/manifest.yaml"
check "and every key of it one of the API" python3 $here/strict.py $types deploy/spikewatch.yaml
notes=$("$helm" install spikewatch $chart -n watch --dry-run=client 2>&1 | sed -n '/^NOTES:/,$p')
check_match "the notes name the commands" "$notes" 'kubectl -n watch exec ds/spikewatch -- spikewatch probe'
check_match "and what is not set" "$notes" 'clusterCidrs is not set'
