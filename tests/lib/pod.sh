# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# A container as the manifest asks for it: a mount namespace with this host's files read-only and, from
# the manifest, the ConfigMap, the mounts and the capabilities. Needs journald.sh (own_host), topology.sh.

POD_ROOT=$OWN/pod

# The text of the ConfigMap's spikewatch.yaml.
manifest_config() {
  python3 -c 'import sys, yaml
print(next(o for o in yaml.safe_load_all(open(sys.argv[1])) if o and o["kind"] == "ConfigMap")["data"]["spikewatch.yaml"])' \
    "$ROOT/deploy/spikewatch.yaml"
}

# Each mount: a word for what it is, its path, rw or ro.
manifest_mounts() {
  python3 -c 'import sys, yaml
pod = next(o for o in yaml.safe_load_all(open(sys.argv[1])) if o and o["kind"] == "DaemonSet")["spec"]["template"]["spec"]
volumes = {v["name"]: v for v in pod["volumes"]}
for m in pod["containers"][0]["volumeMounts"]:
    v = volumes[m["name"]]
    source = v["hostPath"]["path"] if "hostPath" in v else "empty" if "emptyDir" in v else "config"
    print(source, m["mountPath"], "ro" if m.get("readOnly") else "rw")' "$ROOT/deploy/spikewatch.yaml"
}

# What the capabilities profile gives, for setpriv: -all,+bpf,...
profile_capabilities() {
  python3 -c 'import sys, yaml
print(",".join(["-all"] + ["+" + c.lower() for c in yaml.safe_load(open(sys.argv[1]))["capabilities"]["add"]]))' \
    "$ROOT/deploy/helm/spikewatch/values.yaml"
}

# shellcheck disable=SC2016 # it prints a script
# pod_make CONFIG: the program of a container as $SPIKEWATCH, for sensor_start. CONFIG becomes the
# ConfigMap's file. All mounts are made when it starts, as a runtime does it.
pod_make() {
  local capabilities
  capabilities=$(profile_capabilities) || die "no capabilities in the chart"
  mkdir -p "$POD_ROOT" "$OWN/config" /var/lib/spikewatch
  cp "$1" "$OWN/config/spikewatch.yaml"
  {
    printf '#!/bin/bash\nset -e\nroot=%s\n' "$POD_ROOT"
    # The host's own files stand for the image; of /run and /var/lib nothing is in it.
    cat <<'END'
mount --rbind / $root
mount --make-rslave $root
keep=$(mktemp -d /run/test/keep.XXXXXX)
END
    manifest_mounts | while read -r source target mode; do
      case $source in
      empty) printf 'mkdir -p $keep%s; mount -t tmpfs -o size=1m tmpfs $keep%s\n' "$target" "$target" ;;
      config) printf 'mkdir -p $keep%s; mount --bind %s/config $keep%s\n' "$target" "$OWN" "$target" ;;
      *) printf 'mkdir -p $keep%s; mount --bind %s $keep%s\n' "$target" "$source" "$target" ;;
      esac
      [ "$mode" = rw ] || printf 'mount -o remount,bind,ro $keep%s\n' "$target"
    done
    cat <<'END'
mount -t tmpfs -o size=1m tmpfs $root/run
mount -t tmpfs -o size=1m tmpfs $root/var/lib
END
    manifest_mounts | while read -r _ target _; do
      printf 'mkdir -p $root%s 2>/dev/null || true; mount --bind $keep%s $root%s\n' "$target" "$target" "$target"
    done
    cat <<'END'
for mount in /run /var/lib /etc ""; do mount -o remount,bind,ro $root$mount; done
END
    printf 'exec chroot $root /usr/bin/setpriv --bounding-set %s --no-new-privs %s "$@"\n' \
      "$capabilities" "$SPIKEWATCH"
  } >"$OWN/in-pod"
  printf '#!/bin/sh\nexec unshare -m --propagation private %s/in-pod "$@"\n' "$OWN" >"$OWN/pod-run"
  chmod 755 "$OWN/in-pod" "$OWN/pod-run"
  POD_PROGRAM=$SPIKEWATCH
  SPIKEWATCH=$OWN/pod-run
}

# As `kubectl exec` does it: into the namespaces and the root of the container.
pod_exec() {
  nsenter -t "$SENSOR_PID" -m -n -r -- "$POD_PROGRAM" "$@"
}
