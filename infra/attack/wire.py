"""Requests as a stranger sends them, and how each is repeated by hand."""

import base64
import hashlib
import hmac
import http.client
import json
import re
import secrets
import shlex
import socket
import time
import urllib.parse

TIMEOUT = 30


class Answer:
    """What came back, with the request that it is an answer to."""

    def __init__(self, request, status, headers, body):
        self.request, self.status, self.headers, self.body = request, status, headers, body

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    @property
    def data(self):
        return self.json.get("data") if isinstance(self.json, dict) else None

    @property
    def error(self):
        return self.json.get("error", "") if isinstance(self.json, dict) else ""

    @property
    def good(self):
        return 200 <= self.status < 300

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def header(self, name):
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())

    def seen(self):
        """What a stranger can tell one answer from another by; what is another in every answer is left out."""
        said = self.json
        if isinstance(said, dict):
            said = {key: value for key, value in said.items() if key not in ("timestamp", "requestId")}
        ours = {"date", "x-request-id", "content-length"}
        names = sorted(key.lower() for key, _ in self.headers if key.lower() not in ours)
        return self.status, json.dumps(said, sort_keys=True) if said else self.text, tuple(names)

    def brief(self):
        return f"{self.status} {self.text[:400]}"


class Web:
    """One client. Connections are kept; `source` is the address that it calls from."""

    def __init__(self, url, source=None):
        self.url = url.rstrip("/")
        parts = urllib.parse.urlsplit(self.url)
        self.host, self.port, self.source = parts.hostname, parts.port or 80, source
        self.connection = None

    def send(self, method, target, headers=(), body=None):
        headers = list(headers.items() if isinstance(headers, dict) else headers)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        names = {name.lower() for name, _ in headers}
        if body and "content-type" not in names:
            headers.append(("Content-Type", "application/json"))
        request = (method, target, headers, body)
        for again in (True, False):
            try:
                return self._once(request, names)
            except (http.client.HTTPException, ConnectionError):
                # A kept connection may have been ended by the other side.
                self.close()
                if not again:
                    raise

    def _once(self, request, names):
        method, target, headers, body = request
        if self.connection is None:
            source = (self.source, 0) if self.source else None
            self.connection = http.client.HTTPConnection(self.host, self.port, TIMEOUT, source_address=source)
        connection = self.connection
        # A stranger's request line is what the stranger wants it to be.
        connection._validate_path = lambda _: None
        connection.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if "content-length" not in names and (body or method in ("POST", "PUT")):
            connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)
        got = connection.getresponse()
        return Answer((self, *request), got.status, got.getheaders(), got.read())

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def elsewhere(self, source=None):
        return Web(self.url, source)

    def curl(self, method, target, headers, body):
        words = ["curl", "-i", "--path-as-is", "-X", method]
        words += ["--interface", self.source] if self.source else []
        for name, value in headers:
            words += ["-H", f"{name}: {value}"]
        if body:
            words += ["--data-binary", body.decode("utf-8", "backslashreplace")[:2000]]
        absolute = target.startswith("http://") or target.startswith("https://")
        words += ["--request-target", target, self.url] if absolute else [self.url + target]
        return " ".join(shlex.quote(word) for word in words)

    def raw(self, sent, wait=1.0):
        """Sends bytes as they are, and reads until the other side ends or says nothing for a while."""
        source = (self.source, 0) if self.source else None
        got = b""
        with socket.create_connection((self.host, self.port), TIMEOUT, source_address=source) as stream:
            stream.settimeout(wait)
            try:
                stream.sendall(sent)
                while piece := stream.recv(65536):
                    got += piece
                return got, True
            except TimeoutError:
                return got, False
            except ConnectionError:
                return got, True


def statuses(raw):
    """The statuses of all answers in what was read from a connection."""
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3})", raw)]


class Person:
    """Somebody with a session."""

    def __init__(self, web, name, tenant, signed_in):
        self.web, self.name, self.tenant = web, name, tenant
        self.password = None
        self.take(signed_in)

    def take(self, signed_in):
        self.token, self.refresh = signed_in["token"], signed_in["refreshToken"]
        self.user = signed_in["user"]
        self.id, self.role = self.user["id"], self.user["role"]
        self.login = self.user.get("email")

    def headers(self, method="GET", target="/", body=None):
        return [("Authorization", f"Bearer {self.token}")]

    def call(self, method, target, body=None, headers=()):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        all_headers = self.headers(method, target, body) + list(headers)
        if method == "POST" and not any(name.lower() == "idempotency-key" for name, _ in all_headers):
            all_headers.append(("Idempotency-Key", secrets.token_hex(12)))
        return self.web.send(method, target, all_headers, body)

    def get(self, target):
        return self.call("GET", target)


class Nobody(Person):
    """Nobody who is logged in, perhaps naming a tenant."""

    def __init__(self, web, tenant=None):
        self.web, self.tenant, self.role = web, tenant, "nobody"
        self.name = f"nobody of {tenant}" if tenant else "nobody"

    def headers(self, method="GET", target="/", body=None):
        return [("X-Tenant-Id", self.tenant)] if self.tenant else []


class Machine(Person):
    """A machine with an API key: signs as RFC 9421 says."""

    def __init__(self, web, name, tenant, made):
        self.web, self.name, self.tenant, self.role = web, name, tenant, made["role"]
        self.key, self.secret, self.id = made["keyName"], base64.b64decode(made["secret"]), made["userId"]

    def headers(self, method="GET", target="/", body=None):
        return self.sign(method, target, body)

    def sign(self, method, target, body=None, **other):
        """`other` says what is signed differently from what is honest."""
        path, _, query = target.partition("?")
        covered, lines, headers = ["@method", "@path", "@query"], {}, []
        lines.update({"@method": method, "@path": path, "@query": f"?{query}"})
        if body:
            body = body.encode() if isinstance(body, str) else body
            digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
            covered.append("content-digest")
            lines["content-digest"] = digest
            headers.append(("Content-Digest", digest))
        covered = [name for name in covered if name not in other.get("without", ())]
        names = " ".join(f'"{name}"' for name in covered)
        created, nonce = other.get("created", int(time.time())), other.get("nonce", secrets.token_hex(12))
        key = other.get("key", self.key)
        parameters = f'({names});created={created};nonce="{nonce}";keyid="{key}"{other.get("more", "")}'
        base = "".join(f'"{name}": {lines[name]}\n' for name in covered) + f'"@signature-params": {parameters}'
        tag = hmac.new(other.get("secret", self.secret), base.encode(), "sha256").digest()
        signature = f"sig1=:{base64.b64encode(tag).decode()}:"
        return headers + [("Signature-Input", f"sig1={parameters}"), ("Signature", signature)]
