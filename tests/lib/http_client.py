# SPDX-License-Identifier: GPL-2.0-only
"""Sends HTTP requests from one address and reads every response to its end.

usage: http_client.py FROM[,PORT] HOST:PORT MODE[,MODE...] COUNT PATH...
       http_client.py - <LINES-OF-THE-SAME
       http_client.py at-once <LINES-OF-THE-SAME

Says in X-Client and X-Server whom it takes itself and the server for: a server behind NAT logs it.
COUNT requests go round the PATHs; COUNT/RATE sends RATE a second. TERM ends it after a response.
Several MODEs follow each other, with COUNT requests each. MODE:
  fresh     a connection for each request
  keep      one connection, one request after the other
  pipeline  one connection, all requests before the first response is read
  head      like keep, but with HEAD
  match     like keep, with If-None-Match: * (304 where the file exists)
  range     like keep, with Range: bytes=0-9
  expect    like keep, PUT with Expect: 100-continue: the body follows the 100
  bytes     like keep, the request is sent byte by byte
  empty     like keep, with empty lines before each request
  bursts    like keep, a few at a time, with bodies that imitate status lines; HEAD only alone
  headlast  like bursts, but the last of them may be HEAD
  old       like fresh, HTTP/1.0
  broken    like fresh, a request line that is none (400)
Prints the statuses received, 1xx apart, as JSON. Exit 1 where a response is missing or broken.
"""
import collections
import json
import random
import signal
import socket
import struct
import sys
import threading
import time

BODY = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Responses:
    """Reads responses from a socket, one at a time."""

    def __init__(self, sock):
        self.file = sock.makefile("rb")

    def line(self):
        line = self.file.readline(65536)
        if not line.endswith(b"\n"):
            raise EOFError("the connection ended within a response")
        return line.rstrip(b"\r\n")

    def headers(self):
        headers = {}
        while line := self.line():
            name, _, value = line.partition(b":")
            headers[name.strip().lower()] = value.strip().lower()
        return headers

    def skip(self, length):
        while length:
            data = self.file.read(min(length, 1 << 16))
            if not data:
                raise EOFError("the connection ended within a body")
            length -= len(data)

    def skip_chunks(self):
        while size := int(self.line().split(b";")[0], 16):
            self.skip(size)
            self.line()
        self.headers()  # trailers

    def one(self, head):
        """The status of the next response; whether the connection goes on."""
        status = int(self.line().split()[1])
        headers = self.headers()
        if status == 101:
            self.file.read()
            return status, False
        if status < 200:
            return status, True
        go_on = headers.get(b"connection") != b"close"
        if head or status in (204, 304):
            pass
        elif headers.get(b"transfer-encoding") == b"chunked":
            self.skip_chunks()
        elif b"content-length" in headers:
            self.skip(int(headers[b"content-length"]))
        else:
            self.file.read()
            go_on = False
        return status, go_on


class Client:
    def __init__(self, source, host, port, mode="keep"):
        self.source, _, source_port = source.partition(",")
        self.source_port = int(source_port or 0)
        self.host, self.port, self.mode = host, port, mode
        self.sock = None
        self.stopped = False
        self.seen = collections.Counter()

    def connect(self):
        self.close()
        self.sock = socket.create_connection((self.host, self.port), 20,
                                             (self.source, self.source_port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.responses = Responses(self.sock)
        if self.source_port:  # closed with RST, the port can be used again at once
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self):
        if self.sock:
            self.responses.file.close()
            self.sock.close()
            self.sock = None

    def request(self, path, method=None):
        if self.mode == "broken":
            return b"this is not HTTP\r\n\r\n"
        method = method or {"head": "HEAD", "expect": "PUT"}.get(self.mode, "GET")
        if path.startswith("/tunnel/"):
            method = "CONNECT"
        version = "1.0" if self.mode == "old" else "1.1"
        host = f"[{self.host}]" if ":" in self.host else self.host
        head = f"{method} {path} HTTP/{version}\r\nHost: {host}\r\nAccept-Encoding: gzip\r\n"
        head += f"X-Client: {self.source}\r\nX-Server: {self.host} {self.port}\r\n"
        if self.mode == "match":
            head += "If-None-Match: *\r\n"
        if self.mode == "range":
            head += "Range: bytes=0-9\r\n"
        if self.mode == "expect":
            head += f"Expect: 100-continue\r\nContent-Length: {len(BODY)}\r\n"
        if self.mode == "empty":
            head = "\r\n\n" + head
        if method == "POST":
            return f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY
        return (head + "\r\n").encode()

    def read(self, head=False):
        """Reads up to the final response; sends the body where the server asks for it."""
        while True:
            status, go_on = self.responses.one(head or self.mode == "head")
            self.seen[status] += 1
            if status == 100 and self.mode == "expect":
                self.sock.sendall(BODY)
            if status >= 200 or status == 101:
                break
        if not go_on:
            self.close()

    def send(self, data):
        step = 1 if self.mode == "bytes" else len(data)
        for i in range(0, len(data), step):
            self.sock.sendall(data[i:i + step])

    def stop(self, *_):
        self.stopped = True

    def run_bursts(self, wanted):
        dice = random.Random(self.source)
        while wanted:
            n = dice.randint(1, 12)
            now, wanted = wanted[:n], wanted[n:]
            methods = dice.choices(("GET", "POST"), k=len(now))
            if n == 1 or self.mode == "headlast":
                methods[-1] = dice.choice(("GET", "HEAD"))
            if not self.sock:
                self.connect()
            self.send(b"".join(map(self.request, now, methods)))
            for method in methods:
                self.read(method == "HEAD")

    def run(self, count, paths, rate=None):
        wanted = [paths[i % len(paths)] for i in range(count)]
        if self.mode == "pipeline":
            self.connect()
            self.send(b"".join(map(self.request, wanted)))
            for _ in wanted:
                self.read()
            return
        if self.mode in ("bursts", "headlast"):
            self.run_bursts(wanted)
            return
        start = time.monotonic()
        for i, path in enumerate(wanted):
            if rate:
                time.sleep(max(0, start + i / rate - time.monotonic()))
            if self.stopped:
                return
            if not self.sock or self.mode in ("fresh", "old", "broken"):
                self.connect()
            self.send(self.request(path))
            self.read()


def make_client(source, to):
    host, _, port = to.rpartition(":")
    return Client(source, host.strip("[]"), int(port))


def run_client(client, modes, count, paths):
    count, _, rate = count.partition("/")
    try:
        for client.mode in modes.split(","):
            client.run(int(count), paths, float(rate or 0))
    finally:
        client.close()


def talk(source, to, modes, count, *paths):
    client = make_client(source, to)
    signal.signal(signal.SIGTERM, client.stop)
    run_client(client, modes, count, paths)
    show(client.seen)


def talk_at_once(lines):
    """A thread for each line. ValueError where one could not read all."""
    clients, threads, wrong = [], [], []

    def run(client, modes, count, paths):
        try:
            run_client(client, modes, count, paths)
        except ERRORS as e:
            wrong.append(f"{client.source} {modes} {' '.join(paths)}: {e}")

    for line in lines:
        source, to, modes, count, *paths = line.split()
        clients.append(make_client(source, to))
        threads.append(threading.Thread(target=run, args=(clients[-1], modes, count, paths)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise ValueError("\n".join(wrong))
    show(sum((client.seen for client in clients), collections.Counter()))


def show(seen):
    print(json.dumps({str(k): v for k, v in sorted(seen.items())}))


def main():
    if sys.argv[1:] == ["at-once"]:
        talk_at_once(sys.stdin)
    elif sys.argv[1:] == ["-"]:
        for line in sys.stdin:
            talk(*line.split())
    else:
        talk(*sys.argv[1:])


ERRORS = (OSError, EOFError, ValueError, TypeError, IndexError)

if __name__ == "__main__":
    try:
        main()
    except ERRORS as e:
        sys.exit(f"http_client.py: {e}")
