"""What a browser is made to do: foreign pages, poisoned hosts, links, redirects."""

import json
import re
import secrets
import time
import urllib.parse

import town as towns
from report import attack
from tokens import Listener
from wire import Web

EVIL = ["null", "https://evil.test", "http://evil.test", "file://", "http://localhost.evil.test", "http://127.0.0.1.evil.test",
        "https://shop.test.evil.test", "https://evil-shop.test", "https://shop.test:444", "http://shop.test", "https://shop.test.",
        "HTTPS://SHOP.TEST", "https://shop.test/", "https://shop.test@evil.test", "https://shop.testevil.test", "chrome-extension://x",
        "http://0.0.0.0", "http://[::1].evil.test", "http://evil@localhost", "http://localhost@evil.test", "https://sub.shop.test", "https://shop.test https://evil.test", "*", ""]


def settings(house, **changed):
    now = towns.must(house.admin.get("/api/admin/tenant"))
    return house.admin.call("PUT", "/api/admin/tenant", {"version": now["version"], **changed})


@attack("browsers: pages of other sites (CORS)")
def cors(town, probe):
    b = town.b
    probe.honest(settings(b, allowedOrigins=["https://shop.test"]), "a tenant allows its shop's pages")
    allowed = towns.wait_for(
        lambda: b.buyer.call("GET", "/api/users/profile", headers=[("Origin", "https://shop.test")]).header("access-control-allow-origin"),
        lambda seen: seen == "https://shop.test")
    probe.control(allowed == "https://shop.test", "the shop's page reads")
    login = {"tenantId": b.tenant, "login": b.buyer.login, "password": "wrong-password-1"}
    for origin in EVIL:
        asked = [("Origin", origin), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "authorization")]
        answers = [
            b.buyer.call("GET", "/api/users/profile", headers=[("Origin", origin)]),
            b.buyer.call("GET", "/api/users/profile?tenantId=demo", headers=[("Origin", origin)]),
            b.admin.call("GET", "/api/admin/users", headers=[("Origin", origin)]),
            town.web.send("GET", f"/api/events?tenantId={b.tenant}", [("Origin", origin)]),
            town.web.send("POST", "/api/auth/login", [("Origin", origin)], login) if origin == "null" else None,
            town.web.send("OPTIONS", "/api/users/profile", asked),
            town.web.send("OPTIONS", "/api/admin/users", asked),
            town.web.send("GET", "/local/messages", [("Origin", origin)]),
            town.web.send("GET", "/metrics", [("Origin", origin)]),
        ]
        for answer in filter(None, answers):
            given = answer.header("access-control-allow-origin")
            # A preflight knows no tenant yet and may say "everybody": it says what may be sent, which anybody can anyway.
            unread = not given or (given == "*" and answer.request[1] == "OPTIONS")
            probe.check(unread, f"origin {origin!r} is let in as {given!r}", answer)
            probe.check(not answer.header("access-control-allow-credentials"), f"origin {origin!r} is let in with credentials", answer)
    # What decides who reads must not be what the page says of the tenant.
    for target, headers in (("/api/users/profile", [("X-Tenant-Id", town.a.tenant)]), ("/api/users/profile?tenantId=demo", [])):
        answer = b.buyer.call("GET", target, headers=[("Origin", "https://evil.test"), *headers])
        probe.check(not answer.header("access-control-allow-origin"), f"another tenant's rule counts at {target}", answer)
    probe.honest(settings(b, allowedOrigins=[]), "as it was")


@attack("browsers: headers that keep answers out of foreign frames and caches")
def headers(town, probe):
    for who, target in ((town.a.buyer, "/api/users/profile"), (town.nobody, "/api/nothing"), (town.a.buyer, f"/api/tickets/{town.a.tickets[0]['id']}/qr.svg"),
                        (town.nobody, "/docs"), (town.nobody, "/local/messages"), (town.nobody, "/openapi.json"), (town.nobody, "/healthz")):
        answer = who.get(target)
        page = target in ("/docs", "/local/messages")
        probe.control(answer.status in (200, 404), f"{target} answers", answer)
        probe.check(answer.header("x-content-type-options") == "nosniff" or page and "html" in answer.header("content-type"), f"{target}: its type may be guessed", answer)
        probe.check("default-src" in answer.header("content-security-policy"), f"{target}: no policy", answer)
        probe.check("unsafe-eval" not in answer.header("content-security-policy"), f"{target}: eval", answer)
        if who is town.a.buyer:
            probe.check("public" not in answer.header("cache-control"), f"{target}: kept for everybody", answer)
    # A link to a file of the bucket: an image is shown as an image and nothing else.
    answer = Web(town.web.url).send("GET", "/api/tenants/demo", [("Accept", "text/html")])
    probe.check("html" not in answer.header("content-type"), "an answer becomes a page because somebody wants one", answer)


@attack("browsers: the address that a link begins with (Host, Forwarded)")
def poisoned(town, probe):
    person = town.a.register("linked")
    body = {"tenantId": town.a.tenant, "login": person.login}
    probe.honest(town.web.send("POST", "/api/auth/password/forgot", (), body), "a forgotten password")
    links = lambda: [text for text in town.messages(person.login) if re.search(r"https?://\S+#", text)]
    probe.control(bool(towns.wait_for(links, bool)), "a message has a link in it")
    evil = f"evil-{secrets.token_hex(4)}.test"
    ways = [[("Host", evil)], [("X-Forwarded-Host", evil)], [("Forwarded", f"host={evil};proto=https")], [("X-Host", evil)],
            [("X-Forwarded-Server", evil)], [("X-Original-Host", evil)], [("Origin", f"https://{evil}")], [("Referer", f"https://{evil}/")],
            [("X-Forwarded-Proto", "javascript")], [("X-Forwarded-Prefix", f"//{evil}")]]
    for number, way in enumerate(ways):
        victim = person if number < 3 else town.a.register(f"linked{number}")
        body = {"tenantId": town.a.tenant, "login": victim.login}
        before = len(town.messages(victim.login))
        sent = town.web.send("POST", "/api/auth/password/forgot", way, body)
        if sent.status == 202:
            texts = towns.wait_for(lambda victim=victim: town.messages(victim.login), lambda texts, before=before: len(texts) > before)
            probe.check(evil not in " ".join(texts), f"{way} is in a message: {texts[0][:300]}", sent)
            probe.check("javascript:" not in texts[0], f"{way} makes a script of a link", sent)
        for who, target in ((town.a.buyer, f"/api/tickets/{town.a.tickets[0]['id']}"), (town.nobody, "/api/events?tenantId=demo"),
                            (town.nobody, "/openapi.json"), (town.nobody, "/docs"), (town.nobody, "/.well-known/jwks.json"), (town.nobody, "/nothing")):
            answer = who.call("GET", target, headers=way)
            spoken = answer.text + str(answer.headers)
            probe.check(evil not in spoken, f"{target} with {way} speaks of it", answer)
        answer = town.a.buyer.call("POST", "/api/payments/sandbox", {"orderId": town.a.unpaid["id"]}, way)
        probe.check(evil not in answer.text + str(answer.headers), f"a payment with {way} speaks of it", answer)
    # A page that made a name of its own lead to this machine must not read what people were sent.
    for host in (evil, f"localhost.{evil}", "127.0.0.1.evil.test", "0.0.0.0", "127.0.0.1@evil.test", "localhost@evil.test"):
        answer = town.web.send("GET", "/local/messages", [("Host", host)])
        probe.refused(answer, f"/local/messages under the host {host}", 400, 404)


@attack("browsers: open redirects, and addresses that the program is made to ask")
def redirects(town, probe):
    b, listener = town.b, Listener({})
    try:
        back = "https://shop.test/back"
        given = {"issuer": listener.url, "clientId": "x", "clientSecret": "y", "redirectUris": [back]}
        made = b.admin.call("PUT", "/api/admin/login-providers/mock", given)
        begin = lambda to: town.web.send("POST", "/api/auth/oidc/mock/start", (), {"tenantId": b.tenant, "redirectUri": to})
        if probe.honest(made, "a provider of logins is agreed"):
            probe.honest(begin(back), "a login begins")
            for evil in ("https://evil.test/", back + "/", back + "?x", back + "#x", back + "@evil.test", "https://shop.test", back.upper(),
                         "//shop.test/back", "javascript:alert(1)", back + "%00", "https://shop.test/back/../x", "https://shop.test\\@evil.test/back"):
                answer = begin(evil)
                probe.check(not answer.good, f"a login comes back to {evil}", answer)
        for issuer in ("file:///etc/passwd", "http://169.254.169.254", "https://169.254.169.254", "http://10.0.0.1", "https://10.0.0.1", "gopher://127.0.0.1",
                       "https://[::ffff:169.254.169.254]", "https://0x7f000001", "https://2130706433", "https://127.1", "https://user@shop.test",
                       f"http://localhost@169.254.169.254:{listener.url.rsplit(':')[-1]}", "https://metadata.google.internal", "javascript:x", "", "https://"):
            began = time.monotonic()
            answer = b.admin.call("PUT", "/api/admin/login-providers/evil", {**given, "issuer": issuer})
            probe.refused(answer, f"the issuer {issuer}", 400, 409)
            probe.check(time.monotonic() - began < 3, f"the issuer {issuer} is asked, for it takes {time.monotonic() - began:.1f} s", answer)
        for query in ("next", "url", "redirect", "redirect_uri", "returnTo", "continue", "dest"):
            for path in ("/", "/docs", "/api/auth/logout", "/api/events", f"/api/tickets/{town.a.tickets[0]['id']}/qr.png"):
                answer = town.a.buyer.call("GET", f"{path}?{query}=https://evil.test/&tenantId=demo")
                probe.check("evil.test" not in answer.header("location"), f"{path}?{query}= redirects", answer)
        asked = len(listener.asked)
        # Addresses in what people write of themselves are shown and never asked.
        person = b.register("picture")
        probe.honest(person.call("PUT", "/api/users/profile", {"nickname": "Pic"}), "a profile is changed")
        person.call("PUT", "/api/users/profile", {"avatar": f"{listener.url}/avatar"})
        settings(b, logo=f"{listener.url}/logo")
        b.publisher.call("POST", "/api/admin/events", towns.draft("Poster", poster=f"{listener.url.replace('http', 'https')}/poster"))
        for script in ("javascript:alert(1)", "data:text/html,<script>", "//evil.test/x", "/\\evil.test", " javascript:x", "https://a\"onerror=x"):
            answer = person.call("PUT", "/api/users/profile", {"avatar": script})
            probe.check(not answer.good, f"the avatar {script}", answer)
            answer = settings(b, logo=script)
            probe.check(not answer.good, f"the logo {script}", answer)
            answer = b.publisher.call("POST", "/api/admin/events", towns.draft("Poster", poster=script))
            probe.check(not answer.good, f"the poster {script}", answer)
        probe.check(len(listener.asked) == asked, f"the program asked for {listener.asked[asked:]}")
    finally:
        listener.close()


@attack("browsers: links to images of tickets, altered")
def links(town, probe):
    ticket = towns.must(town.a.buyer.get(f"/api/tickets/{town.a.tickets[0]['id']}"))
    other = towns.must(town.b.buyer.get(f"/api/tickets/{town.b.tickets[0]['id']}"))
    parts = urllib.parse.urlsplit(ticket["qrUrl"])
    web = Web(f"{parts.scheme}://{parts.netloc}")
    query = dict(urllib.parse.parse_qsl(parts.query))
    get = lambda path=parts.path, method="GET", **changed: web.send(
        method, path + "?" + urllib.parse.urlencode({key: value for key, value in {**query, **changed}.items() if value is not None}))
    probe.honest(get(), "the link shows the image")
    theirs = urllib.parse.urlsplit(other["qrUrl"]).path
    turned = query["X-Amz-Signature"][:-1] + ("0" if query["X-Amz-Signature"][-1] != "0" else "1")
    tries = {
        "another ticket's file": get(theirs), "the folder": get("/onsale/tickets/demo/"), "the bucket": get("/onsale/"), "another form": get(parts.path.replace(".png", ".svg")),
        "upwards": get("/onsale/tickets/demo/../../" + theirs.rsplit("onsale/")[-1]), "upwards, encoded": get("/onsale/%2e%2e/%2e%2e/etc/passwd"),
        "a longer time": get(**{"X-Amz-Expires": "604800"}), "another signature": get(**{"X-Amz-Signature": turned}), "no signature": get(**{"X-Amz-Signature": None}),
        "an empty signature": get(**{"X-Amz-Signature": ""}), "another date": get(**{"X-Amz-Date": "20300101T000000Z"}), "a disposition": get(**{"response-content-disposition": "attachment"}),
        "a type": get(**{"response-content-type": "text/html"}), "no signed headers": get(**{"X-Amz-SignedHeaders": ""}),
        "deleted": get(method="DELETE"), "written": get(method="PUT"), "posted": get(method="POST"), "a list": get("/onsale", **{"list-type": "2"}),
        "nothing signed": web.send("GET", parts.path), "another key's name": get(**{"X-Amz-Credential": query["X-Amz-Credential"].replace("onsale", "root")}),
        "another algorithm": get(**{"X-Amz-Algorithm": "none"}), "by the API's port": Web(town.web.url).send("GET", parts.path),
    }
    for what, answer in tries.items():
        probe.refused(answer, f"a link with {what}", 400, 401, 403, 404, 405, 501)
    probe.honest(get(), "the image is there as before")
    for who in (town.nobody, town.a.mallory, town.b.buyer, town.a.admin):
        for form in ("png", "svg"):
            probe.refused(who.get(f"/api/tickets/{ticket['id']}/qr.{form}"), f"{who.name} asks for the {form}", 401, 404)
    etag = town.a.buyer.get(f"/api/tickets/{ticket['id']}/qr.svg").header("etag")
    answer = town.a.mallory.call("GET", f"/api/tickets/{ticket['id']}/qr.svg", headers=[("If-None-Match", etag), ("If-None-Match", "*")])
    probe.refused(answer, "another one asks whether it has changed", 404)


@attack("browsers: what people write becomes no page")
def scripts(town, probe):
    text = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    person = town.a.register("writer")
    answer = person.call("PUT", "/api/users/profile", {"nickname": text[:50]})
    probe.honest(answer, "a nickname with marks in it", 200, 400)
    for target in ("/api/users/profile", "/api/users/export"):
        answer = person.get(target)
        probe.check("html" not in answer.header("content-type"), f"{target} is a page", answer)
    login = f"\"<script>alert(1)</script>\"@{town.a.tenant}.test"
    town.web.send("POST", "/api/auth/password/forgot", (), {"tenantId": town.a.tenant, "login": login})
    page = town.web.send("GET", "/local/messages")
    probe.check("<script" not in page.text, "a script is on the page of messages", page)
    answer = town.web.send("GET", "/api/tenants/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    probe.check("<script>" not in answer.text or json.loads(answer.text), "a path is told back", answer)
