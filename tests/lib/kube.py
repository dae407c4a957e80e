# SPDX-License-Identifier: GPL-2.0-only
# A Kubernetes API server and a kubelet, as far as pods are concerned, over TLS; they lie when told to.
# Usage: kube.py PORT FOLDER CERTIFICATE KEY
# FOLDER/pods.json is a list of pods, read at each request; a watch tells of what changes in it.
# FOLDER/token holds the token that is taken. FOLDER/order holds one word: good, 401, 403, 500, hang (no
# answer), loris (an answer a byte at a time), huge (one that does not end), garbage, html, redirect, cut,
# chunks (a broken encoding), status (200, but no pods), evil (pods with impossible names).
# A request is a line of FOLDER/log: order, status, path.
import http.server
import json
import os
import ssl
import sys
import time
import urllib.parse

port, folder = int(sys.argv[1]), sys.argv[2]
BAD = {"html": b"<html><body>It works!</body></html>\n", "garbage": bytes(range(256)) * 4,
       "status": b'{"kind":"Status","status":"Failure","code":500,"items":null}\n'}


def read(name):
    with open(os.path.join(folder, name)) as f:
        return f.read().strip()


def pods():
    return json.loads(read("pods.json"))


def select(all_pods, selector):
    wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
    for pod in all_pods:
        have = {"spec.nodeName": pod["spec"]["nodeName"], "status.podIP": pod["status"].get("podIP", "")}
        if all(have[key] == value for key, value in wanted.items()):
            yield pod


def evil():
    for name in ("../../etc", "a\x1b[31m", "a\nb", "x" * 300, "UPPER", "-a", "a..b", ""):
        yield {"metadata": {"uid": "u" + str(abs(hash(name))), "namespace": "evil", "name": name},
               "spec": {"nodeName": "node-1"}, "status": {"podIP": "10.77.1.9", "phase": "Running"}}


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def setup(self):
        self.request.settimeout(20)
        self.request.do_handshake()
        super().setup()

    def note(self, order, status):
        with open(os.path.join(folder, "log"), "a") as f:
            f.write(f"{order} {status} {self.path}\n")

    def fail(self, order, status, location=None):
        self.note(order, status)
        self.close_connection = True
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"no\n")

    def begin(self, length=None):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    # What a server that is good for nothing does.
    def lie(self, order):
        self.note(order, 200)
        self.close_connection = True
        if order == "hang":
            time.sleep(60)
        elif order in BAD:
            self.begin(len(BAD[order]))
            self.wfile.write(BAD[order])
        elif order == "loris":
            self.begin()
            for byte in b'{"kind":"PodList",' + b" " * 100:
                self.chunk(bytes((byte,)))
                time.sleep(0.5)
        elif order == "huge":
            self.begin()
            self.chunk(b'{"kind":"PodList","items":[')
            while True:
                self.chunk(b'{"metadata":{"annotations":{"a":"' + b"x" * 65536 + b'"}}},')
        elif order == "cut":
            self.begin(100000)
            self.wfile.write(b'{"kind":"PodList","items":[{"metadata":{"name":"a"')
        elif order == "chunks":
            self.begin()
            self.wfile.write(b"zzz\r\n{}\r\n-1\r\n")

    def list(self, found, order):
        text = json.dumps({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"},
                           "items": found}).encode()
        self.note(order, 200)
        self.begin(len(text))
        self.wfile.write(text)

    def event(self, what, pod):
        self.chunk(json.dumps({"type": what, "object": pod}).encode() + b"\n")

    def watch(self, selector, order):
        self.note(order, 200)
        self.begin()
        known, end = {}, time.time() + 20
        while time.time() < end and read("order") == order:
            now = {pod["metadata"]["uid"]: pod for pod in
                   (evil() if order == "evil" else select(pods(), selector))}
            for uid, pod in now.items():
                if known.get(uid) != pod:
                    self.event("MODIFIED" if uid in known else "ADDED", pod)
            for uid in known.keys() - now.keys():
                self.event("DELETED", known[uid])
            known = now
            time.sleep(0.05)
        self.chunk(b"")

    def do_GET(self):
        order, url = read("order"), urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        selector = query.get("fieldSelector", "")
        if self.headers["Authorization"] != "Bearer " + read("token"):
            return self.fail(order, 401)
        if order.isdigit():
            return self.fail(order, int(order))
        if order == "redirect":
            return self.fail(order, 307, "https://10.77.2.2:6443/elsewhere")
        if order not in ("good", "evil"):
            return self.lie(order)
        if url.path == "/pods":
            return self.list(list(evil()) if order == "evil" else list(select(pods(), "spec.nodeName=node-1")), order)
        if url.path != "/api/v1/pods":
            return self.fail(order, 404)
        if "watch" in query:
            return self.watch(selector, order)
        return self.list(list(select(pods(), selector)), order)


class Threads(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # who breaks off


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[3], sys.argv[4])
server = Threads(("", port), Server)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
