"""Machines' signatures: replayed, altered, of other keys, beyond their scopes."""

import secrets
import time

import town as towns
from report import attack
from wire import Machine

ORDERS = "/api/orders"


@attack("machines: signatures replayed, altered, borrowed")
def signatures(town, probe):
    a, b, key = town.a, town.b, town.a.machine
    send = lambda headers, method="GET", target=ORDERS, body=None: town.web.send(method, target, headers, body)
    honest = key.sign("GET", ORDERS)
    probe.honest(send(honest), "a signed request")
    probe.refused(send(honest), "the same again", 401)
    body = '{"name": "x"}'
    fresh = lambda **other: key.sign("GET", ORDERS, **other)
    now = int(time.time())
    used = secrets.token_hex(12)
    probe.honest(send(fresh(nonce=used)), "a signature with this nonce")
    tries = {
        "a used nonce": fresh(nonce=used), "a used nonce in capitals": fresh(nonce=used.upper()) if used.upper() == used else fresh(nonce=used),
        "an old time": fresh(created=now - 301), "a time to come": fresh(created=now + 400), "no time": fresh(created=0), "a time before all": fresh(created=-now),
        "a time that flows over": fresh(created=2**64 + now), "another secret": fresh(secret=b.machine.secret), "no secret": fresh(secret=b""),
        "zeros for a secret": fresh(secret=bytes(32)), "another's key": fresh(key=b.machine.key), "this key at another tenant": fresh(key=key.key.replace(a.tenant, b.tenant)),
        "a key without a tenant": fresh(key=key.key.split("/")[1]), "a key that is none": fresh(key=f"{a.tenant}/key_" + "0" * 26), "no key": fresh(key=""),
        "a path for a key": fresh(key=f"{a.tenant}/../{key.key}"), "no method": fresh(without=("@method",)), "no path": fresh(without=("@path",)),
        "no query": fresh(without=("@query",)), "nothing": fresh(without=("@method", "@path", "@query")), "another algorithm": fresh(more=';alg="ed25519"'),
        "no algorithm": fresh(more=';alg="none"'), "an end": fresh(more=f";expires={now + 60}"), "a tag": fresh(more=';tag="x"'), "two keys": fresh(more=f';keyid="{b.machine.key}"'),
        "a short nonce": fresh(nonce="a"), "an empty nonce": fresh(nonce=""), "a nonce with marks": fresh(nonce='a" b;c\\d' * 3),
        "signed for POST": key.sign("POST", ORDERS), "signed for elsewhere": key.sign("GET", "/api/tickets"), "signed with a query": key.sign("GET", ORDERS + "?page=1"),
    }
    for what, headers in tries.items():
        probe.refused(send(headers), what, 401)
    first, second = fresh(), fresh()
    both = [(name, one + ", " + two.replace("sig1", "sig2")) for (name, one), (_, two) in zip(first, second)]
    probe.refused(send(both), "two signatures", 401)
    probe.refused(send(first + second), "every header twice", 401)
    probe.refused(send([first[0]]), "no signature", 401)
    probe.refused(send([first[1]]), "no input", 401)
    for target in (ORDERS + "?page=1", ORDERS + "/", "/api/%6frders", "//api/orders", "/api/tickets"):
        probe.refused(send(key.sign("GET", ORDERS), target=target), f"signed for {ORDERS}, sent to {target}", 401, 404)
    signed = key.sign("POST", ORDERS, body)
    for what, sent, headers in (
        ("another body", '{"name": "y"}', signed), ("no body", None, signed), ("a body more", body + " ", signed),
        ("a digest that is not covered", body, key.sign("POST", ORDERS, body, without=("content-digest",))),
        ("no digest", body, key.sign("POST", ORDERS)), ("another digest", body, [("Content-Digest", "md5=:AAAA:"), *key.sign("POST", ORDERS)]),
        ("two digests", body, [("Content-Digest", "sha-256=:AAAA:"), *key.sign("POST", ORDERS, body)]),
    ):
        probe.refused(send([("Idempotency-Key", "x1"), *headers], "POST", ORDERS, sent), what, 401)


@attack("machines: beyond role, scope, tenant and end")
def scopes(town, probe):
    a, b = town.a, town.b
    wanted = {"name": "reader", "role": "customer", "scopes": ["orders:read"]}
    reader = Machine(town.web, "reader", a.tenant, towns.must(a.admin.call("POST", "/api/admin/api-keys", wanted)))
    probe.honest(reader.get(ORDERS), "what it may")
    for method, target, body in (("POST", ORDERS, a.wish()), ("GET", "/api/tickets", None), ("GET", "/api/admin/users", None), ("GET", "/api/users/profile", None),
                                 ("GET", "/api/admin/refunds", None), ("GET", "/api/admin/audit", None), ("PUT", f"/api/orders/{a.order}/cancel", {}),
                                 ("POST", "/api/admin/api-keys", wanted), ("GET", "/api/admin/api-keys", None), ("GET", "/api/users/export", None)):
        probe.refused(reader.call(method, target, body), f"{method} {target} by a key that reads orders", 403)
    for method, target, body in (("POST", "/api/admin/api-keys", wanted), ("DELETE", f"/api/admin/api-keys/{a.machine.key.split('/')[1]}", None),
                                 ("GET", "/api/admin/users", None), ("PUT", f"/api/admin/users/{a.mallory.id}", {"role": "staff"}), ("PUT", "/api/users/profile", {"nickname": "x"}),
                                 ("POST", "/api/platform/tenants", {"id": "taken", "name": "x"}), ("GET", "/api/platform/tenants", None), ("GET", "/api/users/sessions", None)):
        probe.refused(a.machine.call(method, target, body), f"{method} {target} by a key with all scopes", 403)
    probe.refused(a.machine.call("GET", "/api/admin/tenant", headers=[("X-Tenant-Id", b.tenant)]), "at another tenant", 400, 401)
    made = towns.must(a.admin.call("POST", "/api/admin/api-keys", {**wanted, "name": "short"}))
    short = Machine(town.web, "short", a.tenant, made)
    probe.honest(short.get(ORDERS), "a key that will be ended")
    probe.refused(b.admin.call("DELETE", f"/api/admin/api-keys/{made['id']}"), "another tenant ends it", 404)
    probe.honest(short.get(ORDERS), "it is not ended by another tenant")
    towns.must(a.admin.call("DELETE", f"/api/admin/api-keys/{made['id']}"))
    end = time.monotonic() + 2.5
    while short.get(ORDERS).good and time.monotonic() < end:
        time.sleep(0.1)
    probe.refused(short.get(ORDERS), "a key that was ended", 401)
    for ends in ("2001-01-01T00:00:00Z", "x", "-1"):
        probe.refused(a.admin.call("POST", "/api/admin/api-keys", {**wanted, "expiresAt": ends}), f"a key that ends {ends}", 400)
    listed = a.admin.get("/api/admin/api-keys")
    probe.honest(listed, "the list of keys")
    probe.check("secret" not in listed.text, "the list tells secrets", listed)
