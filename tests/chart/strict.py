#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Are these manifests what the Kubernetes API takes? Unknown keys, wrong types and missing keys are named,
by the types of the official client (generated from the API's own description) and, for objects of
monitoring.coreos.com, by those of the Prometheus operator's definitions. Neither helm nor kubectl does that
without a cluster.

Usage: strict.py TYPES-FOLDER MANIFEST...     (the folder that tools/chart-tools.sh fills)
"""
import pathlib
import re
import sys

import yaml

KINDS = {  # apiVersion and kind -> file and class
    ("v1", "ConfigMap"): "V1ConfigMap",
    ("v1", "Namespace"): "V1Namespace",
    ("v1", "Secret"): "V1Secret",
    ("v1", "ServiceAccount"): "V1ServiceAccount",
    ("apps/v1", "DaemonSet"): "V1DaemonSet",
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): "V1ClusterRole",
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): "V1ClusterRoleBinding",
    ("monitoring.coreos.com/v1", "PodMonitor"): "PodMonitor",
}
FOLDERS = ("kubernetes/dist/gen/models", "prometheus/monitoring.coreos.com/v1")
# `    'key'?: type;`, where a map is `{ [key: string]: type; }`
MEMBER = re.compile(r"""^    ['"]([^'"]+)['"](\??): (\{\s*\[key: string\]: ([^;]+);\s*\}|[^;{]+);""", re.M)
SCALARS = {"string": str, "number": (int, float), "boolean": bool, "IntOrString": (int, str), "any": object}


class Types:
    def __init__(self, folder):
        self.folders = [pathlib.Path(folder, name) for name in FOLDERS]
        self.known = {}

    def members(self, name):
        """{key: (type, required)} of a class; None where it is none, but a name for a scalar."""
        if name not in self.known:
            self.known[name] = self.read(name)
        return self.known[name]

    def read(self, name):
        # The operator's: IComGithub...MonitoringV1PodMonitorSpec, IIoK8sApimachineryPkgApisMetaV1ObjectMeta.
        short = re.sub(r"^IComGithub.*MonitoringV1", "", name)
        short = re.sub(r"^IIoK8s.*V1", "V1", short)
        for folder in self.folders:
            path = folder / (short + ".d.ts")
            if path.exists():
                body = path.read_text().partition("export declare class ")[2]
                body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
                found = {key: ("{%s}" % of if of else kind, not optional)
                         for key, optional, kind, of in MEMBER.findall(body)}
                return found or None
        if re.search(r"Quantity$|IntOrString$", name):
            return None
        raise LookupError(f"no type {name} in {' or '.join(map(str, self.folders))}")


def check(types, value, kind, where):
    """Yields what is wrong."""
    if kind.startswith("Array<"):
        if not isinstance(value, list):
            yield f"{where}: a list is expected"
            return
        for i, item in enumerate(value):
            yield from check(types, item, kind[6:-1], f"{where}[{i}]")
    elif kind.startswith("{"):
        if not isinstance(value, dict):
            yield f"{where}: a map is expected"
            return
        for key, item in value.items():
            yield from check(types, item, kind[1:-1], f"{where}.{key}")
    elif kind in SCALARS or '"' in kind:
        wanted = SCALARS.get(kind, str)
        if not isinstance(value, wanted) or isinstance(value, bool) and kind not in ("boolean", "any"):
            yield f"{where}: a {kind} is expected, not {value!r}"
    else:
        members = types.members(kind)
        if members is None:
            if isinstance(value, (dict, list)):
                yield f"{where}: a {kind} is expected"
        elif not isinstance(value, dict):
            yield f"{where}: a map is expected, not {value!r}"
        else:
            yield from check_members(types, value, members, where)


def check_members(types, value, members, where):
    for key, item in value.items():
        if key not in members:
            yield f"{where}: unknown key '{key}'"
        elif item is None:
            yield f"{where}.{key}: has no value"
        else:
            yield from check(types, item, members[key][0], f"{where}.{key}")
    for key, (_, required) in members.items():
        if required and key not in value:
            yield f"{where}: '{key}' is missing"


class Loader(yaml.SafeLoader):
    """A key that is given twice is an error, as it is to the API in strict mode."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"'{key}' is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def check_object(types, item):
    what = item.get("kind", "?"), item.get("apiVersion", "?")
    name = item.get("metadata", {}).get("name", "?")
    kind = KINDS.get((what[1], what[0]))
    if not kind:
        yield f"{what[0]} {name}: strict.py does not know this kind of {what[1]}"
    else:
        yield from check(types, item, kind, f"{what[0]} {name}")


def main():
    types, wrong, objects = Types(sys.argv[1]), [], 0
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            for item in yaml.load_all(file, Loader):
                if item is not None:
                    objects += 1
                    wrong += [f"{path}: {says}" for says in check_object(types, item)]
    print(*wrong or [f"{objects} objects"], sep="\n")
    return 1 if wrong or not objects else 0


if __name__ == "__main__":
    sys.exit(main())
