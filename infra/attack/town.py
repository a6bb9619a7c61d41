"""Two tenants with people and things in them, made over HTTP alone: A is attacked, B is where strangers come from."""

import datetime
import html
import json
import re
import secrets
import time

import spec
from wire import Machine, Nobody, Person, Web

DEMO = "demo-password-1"
PASSWORD = "harbour-lantern-59"
# Addresses of this machine beside 127.0.0.1, whose attempts at passwords are counted; 127.0.0.1's are not.
COUNTED = "127.0.{}.{}"
# For how long what happens in the background is waited for, in seconds.
PATIENCE = 30


# A railway of two stations.
STATIONS = "name,telecode,pinyin,initials,city\n海门,XNA,haimen,hm,海门\n石桥,XNB,shiqiao,sq,石桥\n"
TRAINS = "train,seq,station,arrive,depart,km\n{0},1,XNA,,08:00,0\n{0},2,XNB,09:00,,150\n"


def must(answer, *wanted):
    assert answer.status in (wanted or (200, 201, 202)), f"{answer.request[1:3]}: {answer.brief()}"
    return answer.data


def wait_for(look, is_there, patience=PATIENCE):
    end = time.monotonic() + patience
    while not is_there(seen := look()):
        assert time.monotonic() < end, f"this does not come: {seen}"
        time.sleep(0.05)
    return seen


def moment(**later):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**later)).isoformat()


def draft(title, **other):
    """An event whose doors are open."""
    option = {"name": "Standing", "price": 12800, "totalCount": 200}
    session = {"startsAt": moment(hours=8), "duration": 120, "doorsAt": moment(hours=-1)}
    event = {"title": title, "city": "Shanghai", "venue": "Pier 7", "address": "7 Zhongshan", "timezone": "Asia/Shanghai"}
    event |= {"refundPolicy": {"mode": "review"}, "sessions": [session], "priceOptions": [option]}
    return event | other


class House:
    """A tenant with one of everybody and one of everything."""

    def __init__(self, town, tenant):
        self.town, self.web, self.tenant, self.ids = town, town.web, tenant, {}

    def log_in(self, name, password=PASSWORD, web=None):
        body = {"tenantId": self.tenant, "login": name, "password": password}
        person = Person(web or self.web, name, self.tenant, must((web or self.web).send("POST", "/api/auth/login", (), body)))
        person.password = password
        return person

    def register(self, name, web=None):
        """Somebody new, a customer."""
        login = f"{name}-{secrets.token_hex(4)}@{self.tenant}.test"
        body = {"tenantId": self.tenant, "email": login, "password": PASSWORD, "nickname": name}
        made = must((web or self.web).send("POST", "/api/auth/register", (), body))
        person = Person(web or self.web, f"{name} of {self.tenant}", self.tenant, made)
        person.password = PASSWORD
        return person

    def promoted(self, name, role):
        person = self.register(name)
        must(self.admin.call("PUT", f"/api/admin/users/{person.id}", {"role": role}))
        login = {"tenantId": self.tenant, "username": person.login, "password": PASSWORD}
        person.take(must(self.web.send("POST", "/api/admin/auth/login", (), login)))
        return person

    def settle(self, admin):
        self.admin = admin
        self.publisher, self.staff = self.promoted("publisher", "publisher"), self.promoted("staff", "staff")
        self.rival, self.buyer = self.promoted("rival", "publisher"), self.register("buyer")
        self.mallory = self.register("mallory")
        self.world()

    def world(self):
        """What there is to be stolen."""
        self.event = self.on_sale(draft(f"Open doors of {self.tenant}"))
        self.draft = must(self.publisher.call("POST", "/api/admin/events", draft("Not yet told")))
        self.ordered = self.buy(self.buyer, 3)
        self.order = self.ordered["id"]
        self.tickets = self.ordered["tickets"]
        self.unpaid = self.reserve(self.buyer, 1)
        waited = {name: value for name, value in self.wish().items() if name.endswith("Id")}
        contact = {"name": "Wang Fang", "phone": "13800138000"}
        waited = {"alternatives": [waited], "quantity": 1, "userInfo": contact}
        self.request = must(self.buyer.call("POST", "/api/waitlist", waited))["id"]
        asked = {"orderId": self.order, "reason": "ill", "ticketIds": [self.tickets[2]["id"]]}
        self.refund = must(self.buyer.call("POST", "/api/payments/refund", asked))["id"]
        self.venue = self.hall()
        self.run = self.train()
        seat, prices = {"name": "Seat", "price": 12800}, [{"category": "A", "priceOption": "Seat"}]
        seating = {"venueId": self.venue, "prices": prices}
        self.seated = self.on_sale(draft("Seats of the pier", priceOptions=[seat], seating=seating))
        areas = ("catalogue", "door", "orders", "payments", "rail", "tenancy", "tickets", "venues")
        self.scopes = [f"{area}:{what}" for area in areas for what in ("read", "write")] + ["security:read"]
        wanted = {"name": "till", "role": "admin", "scopes": self.scopes}
        self.machine = Machine(self.web, f"key of {self.tenant}", self.tenant,
                               must(self.admin.call("POST", "/api/admin/api-keys", wanted)))

    def hall(self):
        """A venue with a seat map."""
        place = {"name": "Pier Hall", "city": "Shanghai", "address": "7 Zhongshan"}
        venue = must(self.admin.call("POST", "/api/admin/venues", place))["id"]
        rule = {"sections": [{"id": "stalls", "name": "Stalls", "category": "A", "rows": 2, "seats": 4}]}
        must(self.admin.call("POST", f"/api/admin/venues/{venue}/map/generate", rule))
        return venue

    def train(self):
        """A run of a train, three days ahead. Runs of one number on one day have one id with every tenant: hence the name."""
        date = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)).date().isoformat()
        must(self.admin.call("POST", "/api/admin/rail/import", {"stations": STATIONS, "trains": TRAINS.format(self.tenant[0].upper() + "1")}))
        fares = [{"class": "second", "bands": [{"toKm": 1000, "milliPerKm": 46000}]}]
        coaches = [{"first": 1, "class": "second", "layout": "3+2", "rows": 2}]
        terms = {"name": "day", "coaches": coaches, "fares": fares, "roundTo": 50, "saleStarts": {"daysBefore": 14, "time": "08:00"}}
        wanted = {"from": date, "to": date, "templates": [terms], "trains": [{"template": "day"}]}
        must(self.admin.call("POST", "/api/admin/rail/runs", wanted))
        found = lambda: self.web.send("GET", f"/api/rail/runs?tenantId={self.tenant}&from=XNA&to=XNB&date={date}")
        return wait_for(found, lambda answer: answer.good and answer.data["items"]).data["items"][0]["runId"]

    def on_sale(self, wanted):
        event = must(self.publisher.call("POST", "/api/admin/events", wanted))["id"]
        must(self.publisher.call("POST", f"/api/admin/events/{event}/submit"))
        must(self.admin.call("POST", f"/api/admin/events/{event}/approve"))
        shown = lambda: self.web.send("GET", f"/api/events/{event}?tenantId={self.tenant}")
        return wait_for(shown, lambda answer: answer.good and answer.data["status"] == "onSale").data

    def wish(self, quantity=1, event=None):
        event = event or self.event
        return {
            "eventId": event["id"],
            "sessionId": event["sessions"][0]["id"],
            "priceOptionId": event["priceOptions"][0]["id"],
            "quantity": quantity,
            "userInfo": {"name": "Wang Fang", "phone": "13800138000"},
        }

    def reserve(self, buyer, quantity, event=None):
        order = must(buyer.call("POST", "/api/orders", self.wish(quantity, event)))["id"]
        return wait_for(lambda: must(buyer.get(f"/api/orders/{order}")), lambda seen: "eventId" in seen)

    def buy(self, buyer, quantity, event=None, **how):
        order = self.reserve(buyer, quantity, event)["id"]
        payment = must(buyer.call("POST", "/api/payments/sandbox", {"orderId": order}))["paymentId"]
        must(buyer.call("POST", f"/api/payments/sandbox/{payment}/complete", {"outcome": "paid", **how}))
        return wait_for(lambda: must(buyer.get(f"/api/orders/{order}")), lambda seen: seen["status"] == "ticketed")

    def members(self):
        return [self.admin, self.publisher, self.staff, self.rival, self.buyer, self.mallory]


class Town:
    """Everything that attacks need."""

    def __init__(self, url, document=None):
        self.web = Web(url)
        self.nobody = Nobody(self.web)
        document = document or json.loads(self.web.send("GET", "/openapi.json").body)
        self.operations = spec.operations(document)
        self.a, self.b = House(self, "demo"), House(self, f"rival-{secrets.token_hex(3)}")
        self.root = self.administrator("root")
        self.a.settle(self.administrator("admin"))
        self.b.settle(self.first_admin())
        self.addresses = 0

    def operation(self, name):
        return next((operation for operation in self.operations if operation.name == name), None)

    def administrator(self, name):
        body = {"tenantId": "demo", "username": f"{name}@demo.test", "password": DEMO}
        person = Person(self.web, name, "demo", must(self.web.send("POST", "/api/admin/auth/login", (), body)))
        person.password = DEMO
        return person

    def first_admin(self):
        """The second tenant, and whoever accepts the invitation to it."""
        tenant = self.b.tenant
        made = must(self.root.call("POST", "/api/platform/tenants", {"id": tenant, "name": "Rival Tickets"}))
        login = f"admin@{tenant}.test"
        body = {"tenantId": tenant, "invitation": made["invitation"], "email": login, "password": PASSWORD}
        must(self.web.send("POST", "/api/auth/invitations/accept", (), body))
        return self.b.log_in(login)

    def stranger(self):
        """A client that calls from an address of its own, whose attempts at passwords are counted from nought."""
        self.addresses += 1
        return self.web.elsewhere(COUNTED.format(secrets.randbelow(200) + 20, self.addresses % 250 + 2))

    def messages(self, to):
        """What somebody was sent, newest first: texts."""
        page = html.unescape(self.web.send("GET", "/local/messages").text)
        found = re.findall(r"<article><small>([^<]*)</small><h2>([^<]*)</h2><p>(.*?)</p></article>", page, re.S)
        return [text for about, _, text in found if f" {to}" in about]

    def message(self, to, count=1):
        """The newest message to somebody, once there are so many."""
        return wait_for(lambda: self.messages(to), lambda texts: len(texts) >= count)[0]

    def code(self, to, count=1):
        return re.search(r"\b(\d{6})\b", self.message(to, count)).group(1)
