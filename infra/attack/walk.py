"""A walk over every id of a tenant, through every operation that takes one, as everybody whom it does not concern.

Nothing may come off, nothing may change, and what is there must be answered as what was made up.
"""

import json
import re
import secrets

import spec
import town as towns
from report import attack
from wire import Nobody

# What everybody of the tenant may do, from some role on, with what the tenant offers to all.
OFFERED = {"place-order", "join-waitlist", "check-in", "session-counts", "get-admin-venue"}
# Kinds of ids that are their owner's alone, so that an owner among the attackers is not walked over their own.
PRIVATE = ("usr", "log", "ord", "pay", "tkt", "rfd", "key", "evt")
OWN = ["/api/users/profile", "/api/users/sessions", "/api/orders", "/api/tickets", "/api/waitlist", "/api/admin/events?pageSize=100"]
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
# Bodies that a schema does not say, or not well enough for the handler to be reached.
BODIES = {
    "update-event": lambda: towns.draft("Walked over"),
    "put-user": lambda: {"role": "staff", "status": "disabled"},
    "decide-refund": lambda: {"approve": True, "reason": "walked", "refundId": "{rfd}"},
    "update-tenant": lambda: {"name": "Taken", "version": 1},
    "place-order": lambda: {
        "eventId": "{evt}", "sessionId": "{ses}", "priceOptionId": "{opt}", "quantity": 1,
        "userInfo": {"name": "Wang Fang", "phone": "13800138000"},
    },
    "change-order": lambda: {"runId": "{run}"},
    "move-seats": lambda: {"seats": ["a/1/1"]},
    "join-waitlist": lambda: {
        "alternatives": [{"eventId": "{evt}", "sessionId": "{ses}", "priceOptionId": "{opt}"}], "quantity": 1,
        "userInfo": {"name": "Wang Fang", "phone": "13800138000"},
    },
    "update-venue": lambda: {"name": "Taken", "city": "Shanghai", "address": "7 Zhongshan"},
    "put-seating": lambda: {"venueId": "{ven}", "prices": [{"category": "A", "priceOption": "Standing"}]},
    "put-map": lambda: {"sections": [{"id": "a", "name": "A", "category": "A", "rows": [{"name": "1", "seats": [{"no": "1", "x": 0, "y": 0}]}]}]},
    "import-map": lambda: {"csv": "section,row,seat,x,y\na,1,1,0,0\n"},
    "generate-map": lambda: {"sections": [{"id": "a", "name": "A", "category": "A", "rows": 1, "seats": 2}]},
}


def made_up(kind):
    """An id that nothing has: 128 bits in base32, whose last letter says three of them. A refund's has two such numbers."""
    if kind == "tenant":
        return f"no-{secrets.token_hex(4)}"
    number = lambda: "".join(secrets.choice(ALPHABET) for _ in range(25)) + secrets.choice("048cgmrw")
    return f"{kind}_{number()}{number() if kind == 'rfd' else ''}"


class Way:
    """An operation, with the places in which it takes ids."""

    def __init__(self, operation):
        self.operation = operation
        body = BODIES.get(operation.name, operation.sample if operation.schema else lambda: None)()
        self.body = json.dumps(body) if body is not None else None
        in_path = {name: kind for name, kind in operation.path_ids.items() if kind}
        in_body = sorted(set(re.findall(r'"\{(\w+)\}"', self.body or "")) - {"tenant"})
        self.slots = [("path", *slot) for slot in in_path.items()]
        self.slots += [("query", *slot) for slot in operation.query_ids.items()]
        self.slots += [("body", kind, kind) for kind in in_body]

    def call(self, who, filled):
        path, query, body = self.operation.path, [], self.body
        for (place, name, _), value in filled.items():
            if place == "path":
                path = path.replace("{%s}" % name, value)
            elif place == "query":
                query.append(f"{name}={value}")
            else:
                body = body.replace('"{%s}"' % name, json.dumps(value))
        path = path.replace("{provider}", "sandbox").replace("{file}", "none")
        body = (body or "").replace('"{tenant}"', json.dumps(who.tenant or "demo")) or None
        return who.call(self.operation.method, path + ("?" + "&".join(query) if query else ""), body)


def ways(town):
    found = [Way(operation) for operation in town.operations]
    takes = lambda way: any(kind != "tenant" for _, _, kind in way.slots) or way.operation.name == "update-tenant"
    return [way for way in found if takes(way)]


def harvest(town, house, people):
    """Every id that these people can see, by kind."""
    seen, asked = {"tenant": {house.tenant}}, set()
    for _ in range(2):
        for operation in town.operations:
            if operation.method != "GET" or operation.path.startswith(("/docs", "/openapi")):
                continue
            way = Way(operation)
            fills = [{}]
            for slot in way.slots:
                needed = slot[0] == "path" or slot[1] == "orderId"
                fills = [{**fill, slot: value} for fill in fills for value in sorted(seen.get(slot[2], ()))] if needed else fills
            for fill in fills:
                for who in people:
                    key = (operation.name, who.name, tuple(fill.values()))
                    if key not in asked:
                        asked.add(key)
                        answer = way.call(who, fill)
                        for kind, ids in spec.ids_in(answer.text if answer.good else "").items():
                            seen.setdefault(kind, set()).update(ids)
    # What is found by a search alone.
    seen.setdefault("run", set()).add(house.run)
    # The trail names refunds by half of what the API names them by.
    seen["rfd"] = {refund for refund in seen.get("rfd", ()) if len(refund) == len(made_up("rfd"))}
    return seen


def state(town, house):
    """All that a tenant's people can read of it, without what is another every time."""
    seen = {}
    people = [house.admin, house.publisher, house.staff, house.buyer]
    ids = house.ids
    for operation in town.operations:
        if operation.method != "GET" or operation.least == "nobody" or operation.name in ("list-audit", "verify-audit"):
            continue
        way = Way(operation)
        slot = next((slot for slot in way.slots if slot[0] == "path" or slot[1] == "orderId"), None)
        fills = [{slot: value} for value in sorted(ids.get(slot[2], ()))] if slot else [{}]
        for fill in fills:
            for who in people:
                answer = way.call(who, fill)
                text = re.sub(r'"(timestamp|records)":\d+|"(qrUrl|requestId|next)":"[^"]*"', "", answer.text)
                seen[operation.name, who.name, *fill.values()] = (answer.status, text)
    return seen


def home(house, kind):
    """The one of a kind that belongs together with the others."""
    return {
        "evt": house.event["id"], "ses": house.event["sessions"][0]["id"], "opt": house.event["priceOptions"][0]["id"],
        "ord": house.order, "tkt": house.tickets[0]["id"], "rfd": house.refund, "tenant": house.tenant,
        "usr": house.buyer.id, "key": house.machine.key.split("/")[-1], "ven": house.venue, "run": house.run,
    }.get(kind) or next(iter(sorted(house.ids.get(kind, ()))), made_up(kind))


def may(way, who, house):
    """Whether this is offered to the attacker, so that it is none."""
    operation = way.operation
    rank = spec.ROLES.index
    same = who.tenant == house.tenant
    if operation.least == "platform" and who.role == "platform":
        return True
    open_to = operation.least == "nobody" and (same or not operation.names_tenant)
    return open_to or (same and operation.name in OFFERED and rank(who.role) >= rank(operation.least))


def as_seen(answer, filled):
    """What a stranger sees, with the ids that they sent taken out."""
    status, text, names = answer.seen()
    for value in filled.values():
        text = text.replace(value, "ID")
    return status, text, names


def own_of(who):
    """What belongs to an attacker, who may do with it what they like."""
    own = {}
    for path in OWN if who.role != "nobody" and not hasattr(who, "key") else ():
        for kind, ids in spec.ids_in(who.get(path).text).items():
            own.setdefault(kind, set()).update(ids if kind in PRIVATE else ())
    return own


def walk(probe, way, who, house, own):
    for slot in way.slots:
        kind = slot[2]
        others = [other for other in way.slots if other != slot]
        sets = [{other: home(house, other[2]) for other in others}]
        if others and house is not who.house and who.house:
            sets.append({other: home(who.house, other[2]) for other in others})
        for number, rest in enumerate(sets):
            nothing = {**(rest if number else {other: made_up(other[2]) for other in others}), slot: made_up(kind)}
            base = as_seen(way.call(who, nothing), nothing)
            for value in sorted(house.ids.get(kind, set()) - own.get(kind, set())):
                filled = {**rest, slot: value}
                answer = way.call(who, filled)
                seen = as_seen(answer, filled)
                what = f"{way.operation.name} by {who.name} ({who.role}) with {slot[1]} {value} of {house.tenant}"
                probe.check(not answer.good or (number and seen == base), f"{what} comes off: {answer.status}", answer)
                probe.check(seen == base, f"{what} is answered otherwise than what was made up: {base[:2]}", answer)


def attackers(town):
    a, b = town.a, town.b
    for house in (a, b):
        for who in [*house.members(), house.machine]:
            who.house = house
    town.root.house = a
    named = Nobody(town.web, b.tenant)
    for nobody in (town.nobody, named):
        nobody.house = None
    strangers = [town.nobody, named, b.mallory, b.buyer, b.staff, b.publisher, b.admin, b.machine]
    return [(who, a) for who in strangers + [a.mallory, a.rival, a.staff]] + [(town.root, b), (a.admin, b), (a.machine, b)]


@attack("walk: every id of another, through every operation, by everybody")
def everything(town, probe):
    pairs = attackers(town)
    town.a.ids = harvest(town, town.a, [*town.a.members()[:3], town.a.buyer])
    town.b.ids = harvest(town, town.b, [*town.b.members()[:3], town.b.buyer])
    kinds = {kind: len(ids) for kind, ids in town.a.ids.items()}
    for kind in ("evt", "ses", "opt", "ord", "pay", "tkt", "rfd", "usr", "log", "key", "ven", "run"):
        probe.control(kinds.get(kind, 0) > 0, f"there are ids of {kind}: {kinds}")
    before = {house: state(town, house) for house in (town.a, town.b)}
    probe.control(sum(status == 200 for status, _ in before[town.a].values()) > 20, "the state of a tenant is read by its people")
    for who, house in pairs:
        own = own_of(who)
        for way in ways(town):
            if not may(way, who, house):
                walk(probe, way, who, house, own)
    for house, was in before.items():
        now = state(town, house)
        for key in was:
            if was[key] != now[key]:
                probe.find(f"{house.tenant} changed in {key}:\n        {was[key]}\n        {now[key]}")
    reached(town, probe)


# In this order each finds what it needs; whatever is used up is made for it.
LAST = ["leave-waitlist", "cancel-order", "cancel-event", "delete-event", "put-user", "delete-api-key", "erase-account", "end-session"]


def reached(town, probe):
    """Each of these operations does something for whomever it concerns: what was refused above was not refused to all."""
    b = town.b
    extra = b.register("extra")
    sold = b.on_sale(towns.draft("To be called off"))
    login = towns.must(extra.get("/api/users/sessions"))["items"][0]["id"]
    key = towns.must(b.admin.call("POST", "/api/admin/api-keys", {"name": "x", "role": "staff", "scopes": ["orders:read"]}))["id"]
    unpaid = b.reserve(b.buyer, 1)["id"]
    payment = towns.must(b.buyer.call("POST", "/api/payments/sandbox", {"orderId": unpaid}))["paymentId"]
    special = {"log": login, "key": key, "usr": b.register("raised").id, "pay": payment}
    people = {"nobody": Nobody(town.web, b.tenant), "customer": b.buyer, "staff": b.staff, "publisher": b.publisher}
    people |= {"admin": b.admin, "platform": town.root}
    order = lambda way: LAST.index(way.operation.name) if way.operation.name in LAST else -1
    for way in sorted(ways(town), key=order):
        name = way.operation.name
        who = extra if name == "end-session" else people[way.operation.least]
        filled = {slot: special.get(slot[2]) or home(b, slot[2]) for slot in way.slots}
        for slot in way.slots:
            if slot[2] == "evt" and name in ("cancel-event",):
                filled[slot] = sold["id"]
            elif slot[2] == "evt" and name in ("delete-event", "submit-event", "approve-event", "reject-event", "update-event"):
                filled[slot] = b.draft["id"]
            elif slot[2] in ("evt", "ses") and name in ("get-seats", "seats-svg"):
                filled[slot] = b.seated["id"] if slot[2] == "evt" else b.seated["sessions"][0]["id"]
            elif name in ("get-waitlist", "leave-waitlist"):
                filled[slot] = b.request
            elif slot[2] == "usr" and name == "erase-account":
                filled[slot] = b.register("gone").id
        answer = way.call(who, filled)
        probe.control(answer.status not in (400, 401, 403, 404), f"{name} reaches nothing for {who.name} either", answer)
