# SPDX-License-Identifier: GPL-2.0-only
"""Writes a small database in MaxMind's format (version 2.0, record size 24).

usage: mmdb.py FILE KIND NETWORK=VALUE...
KIND country: VALUE is an ISO code; KIND asn: NUMBER:ORGANIZATION.
Networks must not overlap. IPv4 lies under ::/96, as the format wants it.
"""
import ipaddress
import sys


def control(kind, size):
    """Type and size of a field: sizes below 285 are enough here."""
    head, rest = (size, b"") if size < 29 else (29, bytes([size - 29]))
    if kind <= 7:
        return bytes([kind << 5 | head]) + rest
    return bytes([head, kind - 7]) + rest


def encode(value):
    if isinstance(value, str):
        data = value.encode()
        return control(2, len(data)) + data
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(encode(v) for v in value)
    width = {5: 2, 6: 4, 9: 8}[value[0]]  # (type, number): uint16, uint32, uint64
    return control(value[0], width) + value[1].to_bytes(width, "big")


def bits_of(network):
    address, prefix = int(network.network_address), network.prefixlen
    if network.version == 4:
        prefix += 96
    return [(address >> (127 - i)) & 1 for i in range(prefix)]


def build(networks):
    """Nodes of the search tree: each a pair of None, a node's number, or (offset,) of data."""
    nodes, data = [[None, None]], b""
    for network, value in networks:
        node, bits = 0, bits_of(network)
        for bit in bits[:-1]:
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        nodes[node][bits[-1]] = (len(data),)
        data += encode(value)
    return nodes, data


def main(path, kind, pairs):
    networks = []
    for pair in pairs:
        network, _, value = pair.partition("=")
        if kind == "country":
            entry = {"country": {"iso_code": value}}
        else:
            number, _, name = value.partition(":")
            entry = {"autonomous_system_number": (6, int(number)), "autonomous_system_organization": name}
        networks.append((ipaddress.ip_network(network), entry))
    nodes, data = build(networks)
    tree = b""
    for node in nodes:
        for record in node:
            if isinstance(record, tuple):
                record = len(nodes) + 16 + record[0]
            tree += (len(nodes) if record is None else record).to_bytes(3, "big")
    meta = {"node_count": (6, len(nodes)), "record_size": (5, 24), "ip_version": (5, 6),
            "database_type": f"Test-{kind}", "languages": ["en"], "binary_format_major_version": (5, 2),
            "binary_format_minor_version": (5, 0), "build_epoch": (9, 1700000000), "description": {"en": "test"}}
    with open(path, "wb") as file:
        file.write(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encode(meta))


main(sys.argv[1], sys.argv[2], sys.argv[3:])
