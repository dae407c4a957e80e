# SPDX-License-Identifier: GPL-2.0-only
# An HTTP(S) server that takes a webhook's posts and does what a file tells it to.
# Usage: hook.py PORT ORDERS TAKEN [CERTIFICATE KEY]
# ORDERS holds one word, read at each request: take, fail (500), busy (503, Retry-After: 2), refuse (400),
# denied (401), hang (no answer), redirect (307), cut (an answer that ends too early), close (none at all).
# A request is appended to TAKEN as a line: time, order, event.id, event.action, "good" or what was wrong.
import http.server
import json
import ssl
import sys
import time

port, orders, taken = int(sys.argv[1]), sys.argv[2], sys.argv[3]


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def verdict(self, body):
        if self.headers["Content-Type"] != "application/json":
            return "content-type"
        if self.headers["Authorization"] != "Bearer s3cret":
            return "token"
        if not self.headers["User-Agent"].startswith("spikewatch/"):
            return "agent"
        return "good"

    def note(self, order, event, verdict):
        with open(taken, "a") as f:
            f.write(f"{time.time():.2f} {order} {event['id']} {event['action']} {verdict} {self.path}\n")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(orders) as f:
            order = f.read().strip()
        self.note(order, json.loads(body)["event"], self.verdict(body))
        status = {"fail": 500, "busy": 503, "refuse": 400, "denied": 401, "redirect": 307}.get(order, 200)
        if order == "hang":
            time.sleep(60)
        if order in ("hang", "close"):
            self.close_connection = True
            return
        self.send_response(status)
        if order == "busy":
            self.send_header("Retry-After", "2")
        if order == "redirect":
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "1000" if order == "cut" else "2")
        self.end_headers()
        self.wfile.write(b"ok")
        self.close_connection = order == "cut"


server = http.server.ThreadingHTTPServer(("", port), Hook)
server.daemon_threads = True
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
