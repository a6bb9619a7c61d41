"""Payments, refunds, tickets at the door, and keys of idempotency."""

import base64
import concurrent.futures
import hmac
import json
import secrets
import time

import ed25519
import town as towns
from report import attack
from walk import made_up

B45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def unb45(text):
    out = bytearray()
    for start in range(0, len(text), 3):
        digits = [B45.index(letter) for letter in text[start : start + 3]]
        number = sum(digit * 45**place for place, digit in enumerate(digits))
        out += number.to_bytes(2 if len(digits) == 3 else 1, "big")
    return bytes(out)


def b45(data):
    out = ""
    for start in range(0, len(data), 2):
        pair = data[start : start + 2]
        number, letters = int.from_bytes(pair, "big"), 3 if len(pair) == 2 else 2
        for _ in range(letters):
            out += B45[number % 45]
            number //= 45
    return out


def together(*calls):
    """Calls at once, each on a thread of its own."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as threads:
        return [one.result() for one in [threads.submit(call) for call in calls]]


def alone(person):
    """The same person on a connection of their own."""
    other = object.__new__(type(person))
    other.__dict__.update(person.__dict__)
    other.web = person.web.elsewhere(person.web.source)
    return other


@attack("payments: forged notifications of the provider")
def forged(town, probe):
    a = town.a
    order = a.reserve(a.mallory, 1)
    started = towns.must(a.mallory.call("POST", "/api/payments/sandbox", {"orderId": order["id"]}))
    payment, amount = started["paymentId"], order["totalAmount"]
    paid = a.reserve(a.mallory, 1)
    other = towns.must(a.mallory.call("POST", "/api/payments/sandbox", {"orderId": paid["id"]}))["paymentId"]
    probe.honest(a.mallory.call("POST", f"/api/payments/sandbox/{other}/complete", {"outcome": "paid"}), "the provider itself is believed")
    done = towns.wait_for(lambda: a.mallory.get(f"/api/orders/{paid['id']}"), lambda answer: answer.data["status"] == "ticketed")
    probe.honest(done, "and the order has tickets")
    said = {"id": f"evt_{secrets.token_hex(8)}", "type": "payment.captured", "createdAt": int(time.time()), "payment": payment,
            "order": order["id"], "capture": f"cap_{secrets.token_hex(8)}", "amount": amount, "currency": "CNY"}
    body = json.dumps(said).encode()
    keys = [b"", b"secret", b"sandbox", b"onsale", b"demo", bytes(32), a.tenant.encode(), b"whsec_test", started["payUrl"].encode(), payment.encode()]
    target = f"/api/payments/sandbox/notify/{a.tenant}"
    now = str(int(time.time()))
    tags = [hmac.new(key, f"{now}.".encode() + body, "sha256").hexdigest() for key in keys]
    headers = [[("sandbox-signature", f"t={now},v1={tag}")] for tag in tags]
    headers += [[], [("sandbox-signature", "")], [("sandbox-signature", f"t={now}")], [("sandbox-signature", f"t={now},v1=")], [("sandbox-signature", "v1=,t=")],
                [("sandbox-signature", f"t={now},v1={'0' * 64}")], [("sandbox-signature", f"t={now},v0={tags[0]}")], [("sandbox-signature", "t=,v1=x")],
                [("stripe-signature", f"t={now},v1={tags[0]}")], [("sandbox-signature", f"t={now},v1={tags[0]}"), ("sandbox-signature", f"t={now},v1={tags[1]}")],
                [("sandbox-signature", f"t=99999999999999999999,v1={tags[0]}")], [("sandbox-signature", f"t=-1,v1={tags[0]}")],
                [("Authorization", f"Bearer {a.admin.token}")], a.machine.sign("POST", target, body)]
    for number, sent in enumerate(headers):
        answer = town.web.send("POST", target, [*sent, ("Content-Type", "application/json")], body)
        probe.refused(answer, f"a notification with {str(sent)[:90]}", 400, 401)
    for path in (f"/api/payments/sandbox/notify/{town.b.tenant}", "/api/payments/none/notify/demo", "/api/payments/sandbox/notify/none",
                 "/api/payments/sandbox/notify/%64emo", "/api/payments/Sandbox/notify/demo", "/api/payments/sandbox/notify/demo/"):
        probe.refused(town.web.send("POST", path, headers[0], body), f"a notification at {path}")
    for outcome in ({"outcome": "paid"}, {"outcome": "failed"}):
        for who in (town.nobody, town.b.mallory, town.b.admin, a.rival, a.admin, a.buyer):
            answer = who.call("POST", f"/api/payments/sandbox/{payment}/complete", outcome)
            probe.refused(answer, f"{who.name} completes another's payment", 401, 404)
    time.sleep(0.3)
    seen = a.mallory.get(f"/api/orders/{order['id']}")
    probe.check(seen.data["status"] == "pending", "the order was paid by a forgery", seen)


@attack("payments: too little, too much, in another order, and many times")
def amounts(town, probe):
    a = town.a
    price = a.event["priceOptions"][0]["price"]
    bought = a.buy(a.mallory, 1, times=5)
    probe.control(len(bought["tickets"]) == 1, "told five times, one ticket")
    orders = {}
    for what, how in {"too little": {"amount": 1}, "nothing": {"amount": 0}, "one less": {"amount": price - 1}, "one more": {"amount": price + 1},
                      "more than there is": {"amount": 2**64 - 1}}.items():
        order = a.reserve(a.mallory, 1)["id"]
        payment = towns.must(a.mallory.call("POST", "/api/payments/sandbox", {"orderId": order}))["paymentId"]
        answer = a.mallory.call("POST", f"/api/payments/sandbox/{payment}/complete", {"outcome": "paid", **how})
        probe.check(answer.status < 500, f"{what}: {answer.status}", answer)
        orders[what] = order
    time.sleep(1)
    for what, order in orders.items():
        seen = a.mallory.get(f"/api/orders/{order}")
        probe.check(seen.data["status"] not in ("paid", "ticketed", "used") and not seen.data.get("tickets"), f"{what} bought a ticket: {seen.data['status']}", seen)
    twice = a.buy(a.mallory, 1, captures=2)
    time.sleep(0.5)
    seen = a.mallory.get(f"/api/orders/{twice['id']}")
    probe.check(len(seen.data["tickets"]) == 1, "taken twice, more than one ticket", seen)
    # The same tickets are given back once, however many ask at once.
    event = a.on_sale(towns.draft("Given back at once", refundPolicy={"mode": "automatic"}))
    order = a.buy(a.mallory, 2, event)
    asked = {"orderId": order["id"], "reason": "all at once"}
    answers = together(*[lambda who=alone(a.mallory): who.call("POST", "/api/payments/refund", asked) for _ in range(8)])
    listed = towns.must(a.admin.get("/api/admin/refunds?pageSize=100"))["items"]
    given = sum(refund["amount"] for refund in listed if refund["orderId"] == order["id"] and refund["status"] != "refused")
    probe.control(any(answer.good for answer in answers), "one of them is given back", answers[0])
    probe.check(given <= order["totalAmount"], f"{given} of {order['totalAmount']} is given back", answers[0])
    refunded = next((refund for refund in listed if refund["orderId"] == order["id"]), None)
    if refunded:
        # A refund's name says order and refund: one's own order with another's refund is no name.
        theirs = a.refund[4:]
        for half in ("rfd_" + refunded["id"][4:30] + theirs[26:], "rfd_" + theirs[:26] + refunded["id"][30:]):
            probe.refused(a.mallory.get(f"/api/refunds/{half}"), "half of one refund and half of another", 404)
        probe.honest(a.mallory.get(f"/api/refunds/{refunded['id']}"), "one's own refund")


@attack("orders: more than there are, and at other times")
def oversold(town, probe):
    a = town.a
    event = a.on_sale(towns.draft("Five", priceOptions=[{"name": "Few", "price": 100, "totalCount": 5}]))
    people = [a.register(f"rush{number}") for number in range(6)]
    answers = together(*[lambda who=alone(who): who.call("POST", "/api/orders", a.wish(2, event)) for who in people])
    sold = sum(2 for answer in answers if answer.good)
    probe.control(sold > 0, "some get tickets", answers[0])
    probe.check(sold <= 5, f"{sold} of 5 are held", answers[0])
    late = a.on_sale(towns.draft("Later"))
    option = late["priceOptions"][0]
    draft_event = a.draft
    for what, wish in {"an event that is not told yet": a.wish(1, draft_event), "an option of another event": {**a.wish(), "priceOptionId": option["id"]},
                       "a session of another event": {**a.wish(), "sessionId": late["sessions"][0]["id"]}, "none": {**a.wish(), "eventId": made_up("evt")}}.items():
        probe.refused(a.mallory.call("POST", "/api/orders", wish), what, 400, 404, 409)


@attack("idempotency: the key of another")
def keys(town, probe):
    a, b = town.a, town.b
    key = [("Idempotency-Key", f"shared-{secrets.token_hex(8)}")]
    wish = a.wish()
    first = a.buyer.call("POST", "/api/orders", wish, key)
    probe.honest(first, "an order under a key")
    again = a.buyer.call("POST", "/api/orders", wish, key)
    probe.control(again.good and again.data["id"] == first.data["id"], "the same again is the same order", again)
    probe.refused(a.buyer.call("POST", "/api/orders", a.wish(2), key), "another body under the same key", 409)
    for who in (a.mallory, a.rival, a.admin, a.machine):
        answer = who.call("POST", "/api/orders", wish, key)
        probe.check(not answer.good or answer.data["id"] != first.data["id"], f"{who.name} is told of another's order", answer)
        probe.check(answer.good, f"{who.name} is kept from ordering by another's key", answer)
    for who in (b.buyer, b.admin, b.machine):
        probe.refused(who.call("POST", "/api/orders", wish, key), f"{who.name} with the key of another tenant", 404)
    probe.refused(town.nobody.call("POST", "/api/orders", wish, key), "nobody", 401)
    for text in ("", " ", "a" * 65, "a b", "ä", "a\tb"):
        answer = a.mallory.call("POST", "/api/orders", wish, [("Idempotency-Key", text.encode("latin-1"))])
        probe.refused(answer, f"the key {text[:9]!r}", 400)
    answer = a.mallory.call("POST", "/api/orders", wish, [("Idempotency-Key", "a1"), ("Idempotency-Key", "a2")])
    probe.refused(answer, "two keys", 400)
    one = [("Idempotency-Key", secrets.token_hex(8))]
    answers = together(*[lambda who=alone(a.mallory): who.call("POST", "/api/orders", wish, one) for _ in range(8)])
    ids = {answer.data["id"] for answer in answers if answer.good}
    probe.check(len(ids) <= 1, f"one key at once is {len(ids)} orders", answers[0])


@attack("door: altered and foreign codes")
def door(town, probe):
    a, b = town.a, town.b
    ticket = towns.must(a.buyer.get(f"/api/tickets/{a.tickets[0]['id']}"))
    code = ticket["qrCode"]
    data = unb45(code)
    probe.control(b45(data) == code and len(data) == 87, f"a code is {len(data)} bytes in base45")
    at = lambda who, code, **more: who.call("POST", "/api/door/check-in", {"code": code, **more})
    flipped = [data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :] for place in range(len(data))]
    own = ed25519.Key(secrets.token_bytes(32))
    said = data[:-64]
    theirs = unb45(towns.must(b.buyer.get(f"/api/tickets/{b.tickets[0]['id']}"))["qrCode"])
    second = unb45(towns.must(a.buyer.get(f"/api/tickets/{a.tickets[1]['id']}"))["qrCode"])
    s = int.from_bytes(data[-32:], "little") + ed25519.L
    codes = [b45(bits) for bits in flipped]
    codes += [b45(said + own.sign(said)), b45(said + bytes(64)), b45(said + theirs[-64:]), b45(said + second[-64:]), b45(second[:-64] + data[-64:]),
              b45(theirs), b45(data[:-1]), b45(data + b"\0"), code + " ", " " + code, code.lower(), code[:-1], code + code, code + "0", "", "0", "A" * 131,
              ticket["id"], "::::::", code.replace(" ", "+") if " " in code else code + "+", b45(data[:-32] + (s % 2**256).to_bytes(32, "little")),
              base64.b64encode(data).decode(), data.hex()]
    for changed in codes:
        if changed != code:
            answer = at(a.staff, changed)
            probe.refused(answer, f"the code {changed[:40]!r}", 400, 404)
            probe.check(answer.error in ("unknown_ticket", "validation_failed"), f"a forged code is answered {answer.error}", answer)
    for who, statuses in ((b.staff, (404,)), (b.admin, (404,)), (b.machine, (404,)), (a.buyer, (403,)), (a.mallory, (403,)), (town.nobody, (401,))):
        probe.refused(at(who, code), f"{who.name} lets somebody in", *statuses)
    unused = towns.must(a.buyer.get(f"/api/tickets/{a.tickets[0]['id']}"))
    probe.check(unused["status"] == "valid", f"the ticket is {unused['status']}")
    answers = together(*[lambda who=alone(a.staff), n=n: at(who, code, nonce=f"n{n}") for n in range(8)])
    let_in = sum(answer.good for answer in answers)
    probe.control(let_in >= 1, "the code itself lets one in", answers[0])
    probe.check(let_in <= 1, f"one ticket let {let_in} in", answers[0])
    for nonce in ("n99", "N0", "n0 ", ""):
        probe.refused(at(a.staff, code, nonce=nonce), f"again, as scan {nonce!r}", 400, 409)
    winner = next(number for number, answer in enumerate(answers) if answer.good)
    probe.refused(at(a.admin, code, nonce=f"n{winner}"), "the same scan by somebody else", 409)
    probe.refused(at(a.staff, code, nonce=f"n{winner}", deviceId="other"), "the same scan by another device", 409)
