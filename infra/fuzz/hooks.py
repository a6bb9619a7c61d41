"""What schemathesis needs to know of the demo: how to log in, and what there is.

Random ids lead nowhere, so that random requests would hardly get past "there is nothing here". Some of them are therefore
pointed at things that exist: those of an order that is bought here, through the API, before anything else.
"""

import itertools
import os
import time

import requests
import schemathesis

URL = os.environ["ONSALE_URL"]
PASSWORD = "demo-password-1"
ACCOUNTS = {"customer": "buyer", "staff": "door", "publisher": "publisher", "admin": "admin", "platform": "root"}
# Seconds after which tokens are asked for again; they are good for 15 minutes.
RENEW = 600
# Whoever calls these has no session afterwards.
ENDS_SESSION = {"logout", "change-password", "end-session"}

once = itertools.count()


def log_in(role):
    name = f"{ACCOUNTS[role]}@demo.test"
    path, field = ("/api/auth/login", "login") if role == "customer" else ("/api/admin/auth/login", "username")
    body = {"tenantId": "demo", field: name, "password": PASSWORD}
    answer = requests.post(URL + path, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()["data"]["token"]


def of(operation):
    raw = operation.definition.raw
    return raw.get("operationId", ""), raw.get("x-least-role", "customer")


def session(case, _context):
    name, role = of(case.operation)
    return (role, next(once)) if name in ENDS_SESSION else (role, 0)


@schemathesis.auth(cache_by_key=session, refresh_interval=RENEW)
class Login:
    def get(self, case, _context):
        return log_in(of(case.operation)[1])

    def set(self, case, token, _context):
        case.headers["Authorization"] = f"Bearer {token}"


def call(method, path, token, body=None):
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"fuzz-{next(once)}-{time.time_ns()}"}
    answer = requests.request(method, URL + path, headers=headers, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()["data"]


def wait_for(look, wanted):
    for _ in range(200):
        seen = look()
        if wanted(seen):
            return seen
        time.sleep(0.05)
    raise AssertionError(f"the demo does not get ready: {seen}")


def buy():
    """Buys two tickets; the ids of everything that came of it, by the names under which requests ask for them."""
    token = log_in("customer")
    events = call("GET", "/api/events?tenantId=demo", token)["items"]
    event = next(event for event in events if event["status"] == "onSale")
    event = call("GET", f"/api/events/{event['id']}?tenantId=demo", token)
    wish = {
        "eventId": event["id"],
        "sessionId": event["sessions"][0]["id"],
        "priceOptionId": event["priceOptions"][0]["id"],
        "quantity": 2,
        "userInfo": {"name": "Wang Fang", "phone": "13800138000"},
    }
    order = call("POST", "/api/orders", token, wish)["id"]
    see = lambda: call("GET", f"/api/orders/{order}", token)
    wait_for(see, lambda seen: "eventId" in seen)
    payment = call("POST", "/api/payments/sandbox", token, {"orderId": order})["paymentId"]
    call("POST", f"/api/payments/sandbox/{payment}/complete", token, {"outcome": "paid"})
    tickets = wait_for(see, lambda seen: seen["status"] == "ticketed")["tickets"]
    asked = {"orderId": order, "reason": "ill", "ticketIds": [tickets[0]["id"]]}
    refund = call("POST", "/api/payments/refund", token, asked)["id"]
    world = {
        "event": event["id"],
        "session": wish["sessionId"],
        "option": wish["priceOptionId"],
        "priceOption": wish["priceOptionId"],
        "order": order,
        "payment": payment,
        "ticket": tickets[1]["id"],
        "refund": refund,
        "tenant": "demo",
    }
    world |= {f"{name}Id": value for name, value in world.items()}
    return world | {"code": tickets[1]["qrCode"], "provider": "sandbox"}


WORLD = buy()


def point(values):
    """Puts what exists in the place of about every other generated id. By the value and not by chance: a case that fails
    has to fail again."""
    for name, value in list(values.items() if isinstance(values, dict) else ()):
        if name in WORLD and isinstance(value, str) and sum(value.encode("utf-8", "replace")) % 2 == 0:
            values[name] = WORLD[name]
    return values


@schemathesis.hook
def map_path_parameters(_context, path_parameters):
    return point(path_parameters)


@schemathesis.hook
def map_query(_context, query):
    return point(query)


@schemathesis.hook
def map_body(_context, body):
    return point(body)
