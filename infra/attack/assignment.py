"""Fields that nobody asked for: whoever sends them must find them nowhere."""

import json

import town as towns
from report import attack
from walk import Way, home, made_up, ways
from wire import Person

LONG_AGO = "2001-02-03T04:05:06Z"
# Values by which each would be known again. Ids and tenants are filled in.
SENT = {
    "role": "platform", "roles": ["platform"], "isAdmin": True, "admin": True, "permissions": ["*"], "scopes": ["*"], "scope": "*",
    "status": "refunded", "state": "PAID", "standing": "active", "price": 1, "totalAmount": 1, "total": 1, "amount": 1, "unitPrice": 1,
    "currency": "XXX", "discount": 100, "paid": True, "paidAt": LONG_AGO, "createdAt": LONG_AGO, "updatedAt": LONG_AGO, "expiresAt": "2099-01-01T00:00:00Z",
    "verified": True, "emailVerified": True, "phoneVerified": True, "version": 4242, "ver": 4242, "epoch": 4242, "remainingCount": 4242,
    "awaitsAdmin": True, "passwordHash": "x", "mustEnrol": False, "transactionId": "made-up", "payMethod": "points", "tickets": [], "reason": None,
    "usedAt": LONG_AGO, "sold": 0, "ticketed": True, "admitted": True, "twoFactor": False, "invitation": "x", "captures": 9, "decisionReason": "forged",
}


def forged(town):
    """What is sent along: values of another tenant and of other people."""
    ids = {"id": made_up("ord"), "userId": town.a.admin.id, "tenantId": town.b.tenant, "tid": town.b.tenant, "publisherId": town.a.rival.id}
    ids |= {"orderId": made_up("ord"), "createdBy": town.a.admin.id, "owner": town.a.admin.id, "sub": town.a.admin.id, "pk": "demo#x", "sk": "x"}
    return {**SENT, **ids}


def leaves(value, path=()):
    """Every value that is no container, with the names on the way to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def shows(probe, answer, sent, asked, what):
    """Nothing of what was sent along stands in an answer under its name."""
    for path, value in leaves(answer.data):
        name = path[-1] if path else ""
        if name in sent and name not in asked and value not in (None, True, False, 0) and value == sent[name]:
            probe.check(False, f"{what}: {'.'.join(path)} is {value!r}", answer)
        elif name in ("emailVerified", "phoneVerified") and value is True:
            probe.check(False, f"{what}: {name}", answer)
        else:
            probe.tries += 1


def with_more(body, sent):
    """The body with the fields that it does not ask for, on every level."""
    if isinstance(body, dict):
        inner = {key: with_more(value, {}) if not isinstance(value, (dict, list)) else with_more(value, sent) for key, value in body.items()}
        return {**{key: value for key, value in sent.items() if key not in body}, **inner}
    if isinstance(body, list):
        return [with_more(value, sent) if isinstance(value, dict) else value for value in body]
    return body


@attack("assignment: whoever registers, logs in or changes a profile")
def accounts(town, probe):
    sent, a = forged(town), town.a
    del sent["tenantId"]
    for number, changed in enumerate([{}, {"user": {"role": "admin"}}, {"user[role]": "admin"}, {"user.role": "admin"}]):
        body = {"tenantId": a.tenant, "email": f"mass-{number}-{made_up('usr')[-8:]}@demo.test", "password": towns.PASSWORD}
        made = town.web.send("POST", "/api/auth/register", (), {**body, **sent, **changed})
        if probe.honest(made, "somebody registers with all that beside it"):
            shows(probe, made, sent, set(), "register")
            probe.check(made.data["user"]["role"] == "customer" and made.data["user"]["tenantId"] == a.tenant, "registered as another", made)
            person = Person(town.web, "mass", a.tenant, made.data)
            probe.refused(person.get("/api/admin/users"), "whoever registered so administers", 403)
            entered = town.web.send("POST", "/api/auth/login", (), {"login": body["email"], "password": towns.PASSWORD, "tenantId": a.tenant, **sent})
            probe.honest(entered, "and logs in with all that")
            shows(probe, entered, sent, set(), "login")
            again = town.web.send("POST", "/api/auth/refresh", (), {"refreshToken": entered.data["refreshToken"], **sent, "tenantId": town.b.tenant})
            probe.honest(again, "and refreshes with all that")
            shows(probe, again, sent, set(), "refresh")
            probe.check(again.data["user"]["role"] == "customer" and again.data["user"]["tenantId"] == a.tenant, "refreshed as another", again)
            door = town.web.send("POST", "/api/admin/auth/login", (), {"username": body["email"], "password": towns.PASSWORD, "tenantId": a.tenant, **sent})
            probe.refused(door, "the administrators' login", 401)
    before = towns.must(a.mallory.get("/api/users/profile"))
    changed = a.mallory.call("PUT", "/api/users/profile", {"nickname": "Mass", **sent, "tenantId": town.b.tenant})
    probe.honest(changed, "a profile is changed with all that beside it")
    after = towns.must(a.mallory.get("/api/users/profile"))
    probe.control(after["nickname"] == "Mass", "what is asked for is changed")
    for name in before:
        probe.check(name in ("nickname", "updatedAt") or before[name] == after[name], f"profile: {name} is {after[name]!r}", changed)


@attack("assignment: raising oneself and others")
def raised(town, probe):
    a, b = town.a, town.b
    for who, whom, changed in (
        (a.admin, a.admin, {"role": "platform"}), (a.admin, a.mallory, {"role": "platform"}), (a.admin, town.root, {"role": "customer"}),
        (a.admin, town.root, {"status": "disabled"}), (b.admin, b.mallory, {"role": "platform"}), (b.admin, b.admin, {"role": "platform"}),
        (a.publisher, a.publisher, {"role": "admin"}), (a.staff, a.staff, {"role": "admin"}), (a.mallory, a.mallory, {"role": "admin"}),
        (a.mallory, a.mallory, {"status": "active"}), (a.machine, a.mallory, {"role": "staff"}),
    ):
        answer = who.call("PUT", f"/api/admin/users/{whom.id}", changed)
        probe.refused(answer, f"{who.name} makes {whom.name} {changed}", 400, 401, 403, 404)
    for who, whom in ((a.admin, town.root), (a.admin, a.admin), (b.admin, a.mallory), (a.publisher, a.mallory), (a.machine, a.mallory), (town.root, town.root)):
        probe.refused(who.call("DELETE", f"/api/admin/users/{whom.id}"), f"{who.name} erases {whom.name}", 403, 404)
    for role in ("root", "Platform", "PLATFORM", "platform ", "owner", 5, ["platform"], {"a": 1}, "0"):
        answer = a.admin.call("PUT", f"/api/admin/users/{a.mallory.id}", {"role": role})
        probe.refused(answer, f"role {role!r}", 400, 403)
    for who in (a.admin, b.admin):
        wanted = {"name": "x", "role": "platform", "scopes": ["orders:read"]}
        probe.refused(who.call("POST", "/api/admin/api-keys", wanted), f"{who.name} makes a key of the platform", 400, 403)
        for scope in ("*", "identity:read", "identity:write", "security:write", "platform:write", "orders:*", "", "orders:read,security:write"):
            answer = who.call("POST", "/api/admin/api-keys", {"name": "x", "role": "admin", "scopes": [scope]})
            probe.refused(answer, f"a key with the scope {scope!r}", 400, 403)
        probe.refused(who.call("POST", "/api/platform/tenants", {"id": "taken", "name": "Taken"}), f"{who.name} makes a tenant", 403)
        probe.refused(who.get("/api/platform/tenants"), f"{who.name} lists tenants", 403)
    probe.honest(town.root.get("/api/platform/tenants"), "the platform lists tenants")
    mine = towns.must(a.mallory.get("/api/users/profile"))
    probe.check(mine["role"] == "customer", f"mallory is {mine['role']}")
    role = towns.must(a.admin.get("/api/users/profile"))["role"]
    probe.check(role == "admin", f"the administrator is {role}")


@attack("assignment: orders, payments and refunds")
def sales(town, probe):
    a, sent = town.a, forged(town)
    price = a.event["priceOptions"][0]["price"]
    for method in ({}, {"userInfo": {**a.wish()["userInfo"], **sent}}, {"priceOption": {"price": 1}}, {"items": [{"price": 1}]}):
        placed = a.mallory.call("POST", "/api/orders", {**with_more(a.wish(2), sent), **method})
        if not probe.honest(placed, "an order is placed with all that beside it"):
            continue
        probe.check(placed.data["totalAmount"] == 2 * price, f"it costs {placed.data['totalAmount']}", placed)
        order = placed.data["id"]
        seen = towns.wait_for(lambda order=order: a.mallory.get(f"/api/orders/{order}"), lambda answer: "eventId" in answer.data)
        shows(probe, seen, sent, set(), "the order")
        wanted = {"totalAmount": 2 * price, "status": "pending", "userId": a.mallory.id, "tenantId": a.tenant, "quantity": 2, "id": order}
        for name, value in wanted.items():
            probe.check(seen.data.get(name) == value, f"the order's {name} is {seen.data.get(name)!r}", seen)
    started = a.mallory.call("POST", "/api/payments/sandbox", {**sent, "orderId": order})
    if probe.honest(started, "a payment is begun with all that beside it"):
        listed = a.mallory.get(f"/api/payments?orderId={order}")
        probe.check(listed.data["items"][0]["amount"] == 2 * price, "the payment is of another amount", listed)
        shows(probe, listed, sent, {"orderId", "amount"}, "the payment")
    for provider in ("points", "free", "wechat", "stripe", "Sandbox", "none"):
        answer = a.mallory.call("POST", f"/api/payments/{provider}", {"orderId": order})
        probe.refused(answer, f"pays by {provider}", 400, 404)
    # A refund of more than was paid, or of what is not there.
    asked = {**sent, "orderId": a.order, "reason": "more", "ticketIds": [a.tickets[1]["id"]] * 5}
    answer = a.buyer.call("POST", "/api/payments/refund", asked)
    probe.check(not answer.good or answer.data["amount"] <= price, "one ticket five times is given back", answer)
    for name, body in {"of nothing": {"ticketIds": []}, "by another's ticket": {"ticketIds": [town.b.tickets[0]["id"]]},
                       "of the same ticket again": {"ticketIds": [a.tickets[2]["id"]]}}.items():
        answer = a.buyer.call("POST", "/api/payments/refund", {"orderId": a.order, "reason": "x", **body})
        probe.refused(answer, f"a refund {name}")
    shown = a.buyer.get(f"/api/refunds/{a.refund}")
    probe.check(shown.data["amount"] == price and shown.data["status"] == "requested", "the refund was changed", shown)


@attack("assignment: events, settings, keys")
def organised(town, probe):
    b, sent = town.b, forged(town)
    sent |= {"tenantId": town.a.tenant, "status": "approved", "publisherId": b.rival.id, "id": town.a.event["id"]}
    body = with_more(towns.draft("Mass"), {key: value for key, value in sent.items() if key not in ("price", "id", "reason", "currency")})
    made = b.publisher.call("POST", "/api/admin/events", {**body, "id": town.a.event["id"]})
    if probe.honest(made, "an event is drafted with all that beside it"):
        event = made.data["id"]
        wanted = {"status": "draft", "tenantId": b.tenant, "publisherId": b.publisher.id}
        for path, method in ((f"/api/admin/events/{event}", "GET"), (f"/api/admin/events/{event}", "PUT"), (f"/api/admin/events/{event}", "GET")):
            seen = b.publisher.call(method, path, body if method == "PUT" else None)
            probe.honest(seen, f"{method} of it")
            for name, value in wanted.items():
                probe.check(seen.data.get(name) == value, f"{method}: the event's {name} is {seen.data.get(name)!r}", seen)
            probe.check(event == seen.data["id"] != town.a.event["id"], "the event has an id of the attacker's choice", seen)
            probe.check(seen.data["createdAt"] != LONG_AGO, "the event is older than it is", seen)
        # Another event's sessions and options are taken over by nobody.
        for key in ("sessions", "priceOptions"):
            theirs = towns.draft("Mass")
            theirs[key][0]["id"] = town.a.event[key][0]["id"]
            probe.refused(b.publisher.call("PUT", f"/api/admin/events/{event}", theirs), f"an event with another's {key}", 400)
            theirs[key][0]["id"] = b.event[key][0]["id"]
            probe.refused(b.publisher.call("PUT", f"/api/admin/events/{event}", theirs), f"an event with {key} of another of the tenant", 400)
        probe.refused(b.publisher.call("POST", f"/api/admin/events/{event}/approve"), "a publisher approves", 403)
    now = towns.must(b.admin.get("/api/admin/tenant"))
    answer = b.admin.call("PUT", "/api/admin/tenant", {**sent, "version": now["version"], "contact": "mass@rival.test"})
    if probe.honest(answer, "settings are changed with all that beside it"):
        after = towns.must(b.admin.get("/api/admin/tenant"))
        for name in after:
            fine = name in ("contact", "version", "updatedAt", "name", "features") or after[name] == now.get(name)
            probe.check(fine, f"settings: {name} is {after[name]!r}", answer)
        probe.check(after["version"] == now["version"] + 1, "the version is the attacker's", answer)
    theirs = towns.must(town.a.admin.get("/api/admin/tenant"))
    probe.check(theirs.get("contact") != "mass@rival.test", "another tenant's settings were changed", answer)
    key = b.admin.call("POST", "/api/admin/api-keys", {**sent, "name": "mass", "role": "customer", "scopes": ["orders:read"], "expiresAt": None,
                                                       "secret": "AAAA", "keyName": "demo/key_x", "userId": town.a.admin.id})
    if probe.honest(key, "a key is made with all that beside it"):
        probe.check(key.data["secret"] != "AAAA" and key.data["keyName"].startswith(b.tenant + "/"), "the key is of the attacker's choice", key)
        probe.check(key.data["userId"] != town.a.admin.id and key.data["createdBy"] == b.admin.id, "the key is somebody else", key)


@attack("assignment: every other body, with everything in it")
def everything(town, probe):
    a, sent = town.a, forged(town)
    people = {"nobody": town.nobody, "customer": a.mallory, "staff": a.staff, "publisher": a.rival, "admin": town.b.admin, "platform": town.b.admin}
    known = {way.operation.name: way for way in ways(town)}
    tried = 0
    for operation in town.operations:
        if not operation.schema or operation.method not in ("POST", "PUT") or operation.name in ("put-settings", "create-api-key", "put-login-provider"):
            continue
        way, who = known.get(operation.name) or Way(operation), people[operation.least]
        house = town.b if who is town.b.admin else a
        body = json.loads(way.body.replace('"{tenant}"', json.dumps(house.tenant))) if way.body else {}
        more = {**sent, "tenantId": a.tenant} if house is town.b else sent
        way.body = json.dumps(with_more(body, {key: value for key, value in more.items() if key not in operation.properties()}))
        # Where people are changed it is somebody whom nobody needs afterwards.
        answer = way.call(who, {slot: town.b.register("raised").id if slot[2] == "usr" else home(house, slot[2]) for slot in way.slots})
        probe.check(answer.status < 500, f"{operation.name}: {answer.status}", answer)
        if answer.good:
            shows(probe, answer, more, set(operation.properties()), operation.name)
        tried += 1
    probe.control(tried > 10, f"{tried} operations have bodies")
    profile = towns.must(a.mallory.get("/api/users/profile"))
    probe.check(profile["role"] == "customer" and profile["tenantId"] == a.tenant and not profile["emailVerified"], f"mallory is {profile}")
