"""Requests that two readers may read in two ways: headers, lengths, targets, methods, paths."""

import json
import urllib.parse

import town as towns
from report import attack
from wire import Answer, statuses

PROFILE = "/api/users/profile"


def shown(web, sent, got):
    """What was sent over a raw connection, as an answer that can be printed."""
    command = sent.decode("latin-1").replace("\r", "\\r").replace("\n", "\\n")
    answer = Answer((web, "RAW", command, [], None), (statuses(got) or [0])[0], [], got)
    web_raw = type("Raw", (), {"curl": lambda *_: f"printf '%b' '{command}' | nc {web.host} {web.port}"})()
    answer.request = (web_raw, "RAW", command, [], None)
    return answer


@attack("headers: two of who asks")
def twice(town, probe):
    customer, admin = f"Bearer {town.a.mallory.token}", f"Bearer {town.a.admin.token}"
    signed = town.a.machine.sign("GET", "/api/admin/users")
    send = lambda *headers: town.web.send("GET", "/api/admin/users", headers)
    probe.honest(send(("Authorization", admin)), "an administrator's token opens the list")
    for what, headers in {
        "two tokens": [("Authorization", customer), ("Authorization", admin)],
        "two tokens, the other way round": [("Authorization", admin), ("Authorization", customer)],
        "the same token twice": [("Authorization", admin), ("authorization", admin)],
        "two in one line": [("Authorization", f"{customer}, {admin}")],
        "token and signature": [("Authorization", admin), *signed],
        "signature and half a token": [("Authorization", "Bearer x"), *signed],
        "token and Signature alone": [("Authorization", admin), ("Signature", "sig1=:AA==:")],
        "token and Signature-Input alone": [("Authorization", admin), ("Signature-Input", 'sig1=("@method")')],
        "in another header": [("X-Authorization", admin)],
        "in Proxy-Authorization": [("Proxy-Authorization", admin)],
        "in X-Forwarded-Authorization": [("X-Forwarded-Authorization", admin)],
        "as a cookie": [("Cookie", f"token={town.a.admin.token}; access_token={town.a.admin.token}")],
        "as another scheme": [("Authorization", f"Token {town.a.admin.token}")],
        "said to be verified": [("X-User-Id", town.a.admin.id), ("X-Role", "admin"), ("X-Amzn-Oidc-Identity", town.a.admin.id)],
        "an authorizer's claims": [("X-Amzn-Request-Context", json.dumps({"authorizer": {"jwt": {"claims": {"role": "admin"}}}}))],
    }.items():
        probe.refused(send(*headers), what, 400, 401)
    for target in (f"/api/admin/users?access_token={town.a.admin.token}", f"/api/admin/users?token={town.a.admin.token}"):
        probe.refused(town.web.send("GET", target), "a token in the query", 401)


@attack("headers: another method than the one that is sent")
def overridden(town, probe):
    event = town.a.draft["id"]
    names = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "X-Forwarded-Method"]
    target = f"/api/admin/events/{event}"
    read = lambda: town.a.publisher.get(target)
    probe.honest(read(), "the draft is there")
    for name in names:
        for method in ("GET", "POST", "PUT"):
            answer = town.a.publisher.call(method, target, None if method == "GET" else {}, [(name, "DELETE")])
            probe.check(method == "GET" or not answer.good, f"{method} with {name}: DELETE", answer)
    for query in ("_method=DELETE", "method=DELETE", "X-HTTP-Method-Override=DELETE"):
        town.a.publisher.get(f"{target}?{query}")
    answer = read()
    probe.check(answer.good and answer.data["status"] == "draft", "the draft is there no more", answer)
    for method in ("TRACE", "TRACK", "CONNECT", "DEBUG", "PATCH", "PROPFIND", "get", "GeT", "OPTIONS"):
        answer = town.a.admin.call(method, "/api/admin/users")
        empty = method == "OPTIONS" and answer.status == 204 and not answer.body
        probe.check(empty or 400 <= answer.status < 500, f"method {method}: {answer.status}", answer)
        probe.check(town.a.admin.token not in answer.text, f"method {method} tells the token back", answer)
    for target in ("/api/admin/users", PROFILE):
        probe.refused(town.web.send("HEAD", target), f"HEAD {target} without a token")


@attack("headers: another path than the one that is sent")
def rewritten(town, probe):
    probe.honest(town.a.admin.get("/api/admin/users"), "the list is there for administrators")
    names = ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-Original-URI", "X-Envoy-Original-Path"]
    for name in names:
        for target in ("/healthz", "/api/users/profile", "/"):
            answer = town.a.mallory.call("GET", target, headers=[(name, "/api/admin/users")])
            probe.check("items" not in (answer.data or {}), f"{name} leads to a list of administrators", answer)


@attack("paths: other spellings of a path")
def spelled(town, probe):
    owned = f"/api/orders/{town.a.order}"
    probe.honest(town.a.buyer.get(owned), "the order is there for its buyer")
    probe.honest(town.a.admin.get("/api/admin/users"), "the list is there for administrators")
    admin = "/api/admin/users"
    ways = ["/%s", "//%s", "/.%s", "/x/..%s", "/x/../..%s", "/%%2e%%2e%s", "/api/..%s", "/healthz/..%s", "/api/tenants/..;%s",
            "/docs/..%s", "/docs/%%2e%%2e%s", "/docs/..%%2f..%s", "/;%s", "/healthz;%s", "/%%2f%s", "/\\..%s", "/api/%%2e%s"]
    ends = ["/", "//", "/.", "/..", ";", ";a=b", "%00", "%20", "%0a", "%09", ".json", "?", "%3f", "%23", "/%2e", "%2f", "\\", "..;/"]
    for inner in (admin, owned):
        paths = [way.replace("%%", "%").replace("%s", inner) for way in ways] + [inner + end for end in ends]
        paths += [inner.upper(), inner.replace("/api", "/API"), inner.replace("api", "%61pi"), inner.replace("/", "%2f")[3:],
                  inner.replace("users", "user%73").replace("orders", "order%73"), inner.replace("/", "/./"), inner.replace("/", "\\")]
        for path in paths:
            path = path if path.startswith("/") else "/" + path
            for who in (town.nobody, town.a.mallory, town.b.mallory):
                answer = who.call("GET", path)
                leaks = any(theirs in answer.text for theirs in (town.a.order, town.a.admin.id, town.b.admin.id))
                probe.check(not (answer.good and leaks), f"{who.name} reads {path}", answer)
                probe.check(answer.status < 500, f"{path}: {answer.status}", answer)
    # Files of the program: nothing of them by any spelling.
    for path in ("/docs/..%2f..%2f..%2fetc%2fpasswd", "/docs/../../../../etc/passwd", "/docs/%2e%2e/%2e%2e/etc/passwd", "/onsale/",
                 "/onsale/../../etc/passwd", "/onsale/..%2f..%2f..%2fetc%2fpasswd", "/onsale/tickets/", "/onsale/?list-type=2",
                 "/.git/config", "/.env", "/Cargo.toml", "/.onsale/master-key", "/onsale/%2e%2e/master-key"):
        answer = town.web.send("GET", path)
        probe.check(not answer.good, f"{path} is to be had", answer)
        probe.check(answer.status < 500, f"{path}: {answer.status}", answer)


@attack("targets: absolute, and other authorities")
def absolute(town, probe):
    host = f"{town.web.host}:{town.web.port}"
    token = town.a.mallory.token
    line = lambda target, more="": f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n".encode()
    got, _ = town.web.raw(line(PROFILE, f"Authorization: Bearer {token}\r\n"))
    probe.control(statuses(got) == [200], "the plain target", shown(town.web, line(PROFILE), got))
    for target in (f"http://evil.test{PROFILE}", f"http://{host}@evil.test{PROFILE}", f"https://{host}{PROFILE}", "*", "evil.test:80",
                   f"http://{host}/api/admin/users", f"//evil.test{PROFILE}", f"http:/{PROFILE}", f"?{PROFILE}", "#/", "/\x7f"):
        sent = line(target)
        got, _ = town.web.raw(sent)
        # Without a token nothing is open by any target; and no target makes an answer name the other host as ours.
        answer = shown(town.web, sent, got)
        probe.check(not statuses(got) or 300 <= statuses(got)[0] < 500, f"target {target!r}: {statuses(got)}", answer)
    for target in (f"http://evil.test{PROFILE}", f"https://evil.test{PROFILE}"):
        sent = line(target, f"Authorization: Bearer {token}\r\n")
        got, _ = town.web.raw(sent)
        probe.check(b"evil.test" not in got, f"target {target!r}: the answer names it", shown(town.web, sent, got))


@attack("lengths: what one reader takes for the body and another for a request")
def smuggled(town, probe):
    host = f"{town.web.host}:{town.web.port}"
    head = f"POST /api/auth/refresh HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    inner = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n"
    body = "{}"
    after = f"GET /openapi.json HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    sent = (head + f"Content-Length: {len(body)}\r\n\r\n{body}" + inner).encode()
    got, _ = town.web.raw(sent)
    probe.control(len(statuses(got)) == 2, "two requests on one connection get two answers", shown(town.web, sent, got))
    chunked = f"{len(body):x}\r\n{body}\r\n0\r\n\r\n"
    sent = (head + f"Transfer-Encoding: chunked\r\n\r\n{chunked}").encode()
    got, _ = town.web.raw(sent)
    probe.control(statuses(got) == [400], "a chunked body is read", shown(town.web, sent, got))
    whole = "0\r\n\r\n" + inner
    long = len(whole)
    # Each has a body by one reading and a request behind a shorter body by another: one answer at most, then the end.
    ways = {
        "Content-Length and chunked": f"Content-Length: {long}\r\nTransfer-Encoding: chunked\r\n",
        "chunked and Content-Length": f"Transfer-Encoding: chunked\r\nContent-Length: {long}\r\n",
        "chunked, in capitals": f"Content-Length: {long}\r\nTRANSFER-ENCODING: CHUNKED\r\n",
        "chunked behind a tab": f"Content-Length: {long}\r\nTransfer-Encoding:\tchunked\r\n",
        "chunked behind a blank name": f"Content-Length: {long}\r\nTransfer-Encoding : chunked\r\n",
        "chunked twice": f"Content-Length: {long}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "chunked, identity": f"Content-Length: {long}\r\nTransfer-Encoding: chunked, identity\r\n",
        "identity, chunked": f"Content-Length: {long}\r\nTransfer-Encoding: identity, chunked\r\n",
        "xchunked": f"Content-Length: {long}\r\nTransfer-Encoding: xchunked\r\n",
        "chunked folded": f"Content-Length: {long}\r\nTransfer-Encoding:\r\n chunked\r\n",
        "a vertical tab": f"Content-Length: {long}\r\nTransfer-Encoding: \x0bchunked\r\n",
        "hidden in another": f"Content-Length: {long}\r\nX: y\nTransfer-Encoding: chunked\r\n",
        "two lengths": f"Content-Length: {long}\r\nContent-Length: 0\r\n",
        "two lengths, the other way round": f"Content-Length: 0\r\nContent-Length: {long}\r\n",
        "a list of lengths": f"Content-Length: {long}, 0\r\n",
        "a signed length": f"Content-Length: +{long}\r\n",
        "a negative length": "Content-Length: -1\r\n",
        "a hexadecimal length": f"Content-Length: 0x{long:x}\r\n",
        "a length with a blank": f"Content-Length: {long} 0\r\n",
        "a length that flows over": f"Content-Length: {2**64 + long}\r\n",
    }
    for what, lines in ways.items():
        sent = (head + lines + "\r\n" + whole + after).encode("latin-1")
        got, _ = town.web.raw(sent, 0.4)
        seen = statuses(got)
        answer = shown(town.web, sent, got)
        # Refused; or read in one way and the connection ended (RFC 9112, 6.1), so that nothing stands behind it.
        probe.check(len(seen) <= 1, f"{what}: {len(seen)} answers {seen}", answer)
        probe.check(not seen or 400 <= seen[0] < 500, f"{what}: {seen}", answer)
    for what, chunks in {
        "an extension with a line feed": "2;a\n\r\n{}\r\n0\r\n\r\n",
        "a size with a line feed": "2\n{}\n0\n\n",
        "a size that flows over": "10000000000000002\r\n{}\r\n0\r\n\r\n",
        "a negative size": "-2\r\n{}\r\n0\r\n\r\n",
        "0x in a size": "0x2\r\n{}\r\n0\r\n\r\n",
        "no line end behind the data": "2\r\n{}0\r\n\r\n",
        "wrong bytes behind the data": "2\r\n{}xx0\r\n\r\n",
    }.items():
        sent = (head + f"Transfer-Encoding: chunked\r\n\r\n{chunks}" + inner).encode()
        got, _ = town.web.raw(sent, 0.4)
        probe.check(len(statuses(got)) <= 1, f"{what}: {statuses(got)}", shown(town.web, sent, got))


@attack("headers: forged heads of requests")
def heads(town, probe):
    host = f"{town.web.host}:{town.web.port}"
    good = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    got, _ = town.web.raw(good.encode())
    probe.control(statuses(got) == [200], "a plain head", shown(town.web, good.encode(), got))
    for what, head in {
        "no host": "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
        "two hosts": f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
        "a host with a path": "GET /healthz HTTP/1.1\r\nHost: evil.test/x\r\nConnection: close\r\n\r\n",
        "a host with an account": f"GET /healthz HTTP/1.1\r\nHost: evil@{host}\r\nConnection: close\r\n\r\n",
        "a bare carriage return": f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nX: a\rY: b\r\nConnection: close\r\n\r\n",
        "a nought in a value": f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nX: a\0b\r\nConnection: close\r\n\r\n",
        "a blank before the colon": f"GET /healthz HTTP/1.1\r\nHost : {host}\r\nConnection: close\r\n\r\n",
        "a line that is no header": f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nnonsense\r\nConnection: close\r\n\r\n",
        "HTTP/9.9": f"GET /healthz HTTP/9.9\r\nHost: {host}\r\n\r\n",
        "two blanks": f"GET /healthz evil HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "many headers": f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n" + "".join(f"X-{n}: y\r\n" for n in range(300)) + "\r\n",
        "a long header": f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nX: {'y' * 60000}\r\n\r\n",
        "a long path": f"GET /{'y' * 30000} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    }.items():
        got, _ = town.web.raw(head.encode(), 0.5)
        seen = statuses(got)
        probe.check(not seen or (len(seen) == 1 and 400 <= seen[0] < 500), f"{what}: {seen}", shown(town.web, head.encode()[:500], got))
    # What was decoded from a query or path becomes no header and no line of a log's own.
    for target in ("/api/tenants/demo%0d%0aX-Evil:%20yes", "/api/events?tenantId=demo&q=%0d%0aX-Evil:%20yes"):
        answer = town.web.send("GET", target)
        probe.check(not answer.header("x-evil"), f"{target} writes a header", answer)
    encoded = urllib.parse.quote(f"{town.a.tenant}\r\nX-Evil: yes")
    order = towns.must(town.a.mallory.call("POST", "/api/orders", town.a.wish(), [("X-Tenant-Id", town.a.tenant)]))
    probe.check(bool(order["id"]), f"an order is placed beside {encoded}")
