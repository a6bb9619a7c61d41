"""Bodies that are too much, or not what they say: sizes, depths, doubles, numbers, types, encodings."""

import gzip
import json

from report import attack

LOGIN = "/api/auth/login"
JSON = ("Content-Type", "application/json")


@attack("bodies: too large, too deep, too many")
def sizes(town, probe):
    tenant, mallory = town.a.tenant, town.a.mallory
    right = json.dumps({"tenantId": tenant, "login": mallory.login, "password": mallory.password})
    probe.honest(town.web.send("POST", LOGIN, [JSON], right), "a login that fits")
    padded = right[:-1] + ', "x": "%s"}' % ("y" * (256 * 1024))
    fits = right[:-1] + ', "x": "%s"}' % ("y" * (200 * 1024))
    probe.honest(town.web.send("POST", LOGIN, [JSON], fits), "a login with 200 KiB beside it")
    probe.refused(town.web.send("POST", LOGIN, [JSON], padded), "256 KiB and a bit", 413)
    probe.refused(town.web.send("POST", LOGIN, [JSON], b"y" * (3 << 20)), "3 MiB", 413)
    for depth in (200, 10_000, 100_000):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            text = right[:-1] + ', "x": ' + opening * depth + "1" + closing * depth + "}"
            probe.refused(town.web.send("POST", LOGIN, [JSON], text), f"{depth} deep in {opening}", 400, 413)
    many = json.dumps({**json.loads(right), **{f"k{n}": n for n in range(15_000)}})
    answer = town.web.send("POST", LOGIN, [JSON], many)
    probe.check(answer.status in (200, 400, 413), "15 000 fields", answer)
    for target in ("/api/events?tenantId=demo&q=" + "y" * 9_000, "/api/events?" + "tenantId=demo&" * 500):
        answer = town.web.send("GET", target)
        probe.check(answer.status < 500, f"a query of {len(target)} characters: {answer.status}", answer)
    for page in ("0", "-1", "4294967295", "4294967296", "1e9", "NaN", "", "1%00", "%D9%A3"):
        for size in ("20", "100", "101", "4294967295", "0"):
            answer = town.web.send("GET", f"/api/events?tenantId=demo&page={page}&pageSize={size}")
            probe.check(answer.status in (200, 400), f"page {page} of {size}: {answer.status}", answer)


@attack("bodies: fields twice, numbers that are none, texts that are none")
def values(town, probe):
    buyer, wish = town.a.mallory, town.a.wish()
    good = json.dumps(wish)
    probe.honest(buyer.call("POST", "/api/orders", good, [JSON]), "an order of one")
    price = town.a.event["priceOptions"][0]["price"]

    def place(what, text, headers=(JSON,)):
        answer = buyer.call("POST", "/api/orders", text, headers)
        probe.check(answer.status < 500, f"{what}: {answer.status}", answer)
        if answer.good:
            # Whatever was read of it, it is sold at the price that is asked for what is held.
            order = town.a.buyer.web.send("GET", f"/api/orders/{answer.data['id']}", buyer.headers()).data
            total = answer.data["totalAmount"]
            probe.check(total >= price and total % price == 0, f"{what}: sold for {total}", answer)
            probe.check(order.get("quantity") in (None, total // price), f"{what}: {order.get('quantity')} for {total}", answer)
        return answer

    for quantity in ("0", "-1", "11", "1.5", "1e0", "1E400", "NaN", "Infinity", "-0", "01", "0x1", '"1"', "null", "true", "[1]", "{}",
                     "9007199254740993", "18446744073709551615", "18446744073709551616", "340282366920938463463374607431768211457",
                     "1" + "0" * 5_000, "0.1e1", "1.0"):
        text = good.replace('"quantity": 1', f'"quantity": {quantity}')
        answer = place(f"quantity {quantity[:30]}", text)
        probe.check(not answer.good, f"quantity {quantity[:30]} is taken", answer)
    for first, second in (("1", "10"), ("10", "1"), ("1", "-1"), ("-1", "1")):
        place(f"quantity {first} and {second}", good.replace('"quantity": 1', f'"quantity": {first}, "quantity": {second}'))
    for what, text in {
        "a comment": good[:-1] + " /* x */ }", "a comma too many": good[:-1] + ",}", "two values": good + good, "something behind": good + "x",
        "nothing": " ", "null": "null", "a list": f"[{good}]", "a text": json.dumps(good), "a number": "1", "a byte order mark": "\ufeff" + good,
        "a nought": good.replace("Wang Fang", "Wang\\u0000Fang"), "half a pair": good.replace("Wang Fang", "\\ud800"),
        "a line feed": good.replace("Wang Fang", "a\\nb"), "right to left": good.replace("Wang Fang", "\u202eWang"),
        "a long name": good.replace("Wang Fang", "y" * 100_000), "__proto__": good[:-1] + ', "__proto__": {"quantity": 10}}',
        "constructor": good[:-1] + ', "constructor": {"prototype": {"quantity": 10}}}', "an escaped name": good.replace("quantity", "quantit\\u0079"),
    }.items():
        place(what, text)
    for what, data in {"latin-1": good.replace("Wang", "W\xe4ng").encode("latin-1"), "UTF-16": good.encode("utf-16"), "cut": good.encode()[:-9],
                       "UTF-7": good.encode("utf-7"), "overlong": good.encode().replace(b"Wang", b"\xc0\xaf"), "bytes": bytes(range(256))}.items():
        answer = buyer.call("POST", "/api/orders", data, [JSON])
        probe.check(answer.status < 500, f"{what}: {answer.status}", answer)


@attack("bodies: other types and encodings")
def types(town, probe):
    buyer, good = town.a.mallory, json.dumps(town.a.wish()).encode()
    probe.honest(buyer.call("POST", "/api/orders", good, [("Content-Type", "application/json; charset=utf-8")]), "with a charset")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "text/html",
                 "application/jsonx", "application/json-patch+json", "text/plain; application/json", "application/json, text/plain", ""):
        answer = buyer.call("POST", "/api/orders", good, [("Content-Type", kind)])
        probe.refused(answer, f"type {kind!r}", 400, 415)
    for coding, data in (("gzip", gzip.compress(good)), ("gzip", gzip.compress(b" " * (50 << 20))), ("deflate", good), ("br", good),
                         ("identity, gzip", gzip.compress(good)), ("gzip, gzip", gzip.compress(gzip.compress(good))), ("x", good)):
        answer = buyer.call("POST", "/api/orders", data, [JSON, ("Content-Encoding", coding)])
        probe.refused(answer, f"coding {coding} with {len(data)} bytes", 400, 413, 415)
    # What a form of a foreign page can send: a text that is JSON, under a type that needs no leave.
    login = json.dumps({"tenantId": town.a.tenant, "login": buyer.login, "password": buyer.password}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        probe.refused(town.web.send("POST", LOGIN, [("Content-Type", kind)], login), f"a login as {kind}", 415)


@attack("bodies: every operation under nonsense")
def nonsense(town, probe):
    people = {"nobody": town.nobody, "customer": town.a.mallory, "staff": town.a.staff, "publisher": town.a.rival}
    people |= {"admin": town.b.admin, "platform": town.b.admin}
    probe.honest(town.b.admin.get("/api/admin/tenant"), "the administrator who sends it is known")
    made_up = "%27%22%3E%3Cscript%3E"
    for operation in town.operations:
        if operation.name in ("logout", "end-session", "change-password", "erase-me", "begin-two-factor"):
            continue
        who = people[operation.least]
        for value in (made_up, "%00", "..", "%2e%2e%2f", "a" * 300, "%ff%fe", "0", "-1", "{}", "*"):
            if "{" not in operation.path and value != made_up:
                continue
            path = operation.path
            for name in operation.path_ids:
                path = path.replace("{%s}" % name, value)
            bodies = [None] if operation.method in ("GET", "DELETE") else ["[]", '"x"', "{", '{"tenantId": {"$gt": ""}}']
            for body in bodies:
                answer = who.call(operation.method, path, body)
                probe.check(answer.status < 500, f"{operation.name} {path} with {body}: {answer.status}", answer)
                told = any(word in answer.text for word in ("panicked", "RUST_BACKTRACE", "src/", ".rs:", "dynamodb", "DynamoDB", "SQLite"))
                probe.check(not told or "text/html" in answer.header("content-type") or operation.name == "openapi",
                            f"{operation.name} tells what it is made of", answer)
            if operation.query_ids or operation.at("query"):
                for parameter in operation.at("query"):
                    answer = who.call(operation.method, f"{path}?tenantId={who.tenant or 'demo'}&{parameter['name']}={value}")
                    probe.check(answer.status < 500, f"{operation.name} with {parameter['name']}={value}: {answer.status}", answer)
