"""Sessions: refresh tokens, logout, what ends a session and what does not."""

import base64
import secrets
import time

import town as towns
from money import alone, together
from report import attack
from tokens import parts
from wire import Person

PROFILE = "/api/users/profile"


def refresh(town, token, headers=()):
    return town.web.send("POST", "/api/auth/refresh", headers, {"refreshToken": token})


def gone(probe, person, what):
    """Two seconds are stated: so long a process may believe that a session is alive."""
    end = time.monotonic() + 2.5
    while person.get(PROFILE).good and time.monotonic() < end:
        time.sleep(0.05)
    probe.refused(person.get(PROFILE), f"{what}: the access token", 401)
    probe.refused(refresh(person.town, person.refresh), f"{what}: the refresh token", 401)


def somebody(town, name="session"):
    person = town.a.register(name)
    person.town = town
    return person


@attack("sessions: a refresh token used twice")
def replayed(town, probe):
    person = somebody(town)
    old = person.refresh
    new = refresh(town, old)
    probe.honest(new, "the first time")
    person.take(new.data)
    probe.honest(person.get(PROFILE), "the new token opens")
    probe.refused(refresh(town, old), "the old one again", 401)
    gone(probe, person, "after the old one was shown")
    for times in (2, 12):
        person = somebody(town)
        answers = together(*[lambda web=town.web.elsewhere(): web.send("POST", "/api/auth/refresh", (), {"refreshToken": person.refresh}) for _ in range(times)])
        won = [answer for answer in answers if answer.good]
        probe.check(len(won) <= 1, f"{len(won)} of {times} at once got a session", answers[0])
        if won:
            person.take(won[0].data)
        gone(probe, person, f"after {times} at once")


@attack("sessions: refresh tokens that are none")
def forged(town, probe):
    person, other = somebody(town), town.b.register("session")
    good = person.refresh
    tries = ["", " ", "x", good[:-1], good + "A", good[:-1] + ("A" if good[-1] != "A" else "B"), good.upper(), good.lower(), good + "=", " " + good + " ",
             person.token, parts(person.token)[1]["sid"], person.id, good.replace(".", "..", 1), "A" * len(good), good[::-1], good * 2, "null", "%00" + good]
    half = len(good) // 2
    tries += [good[:half] + other.refresh[half:], other.refresh[:half] + good[half:]]
    for separator in ".:~_-":
        mine, theirs = good.split(separator), other.refresh.split(separator)
        if len(mine) > 1 and len(mine) == len(theirs):
            tries += [separator.join([*theirs[:place], mine[place], *theirs[place + 1 :]]) for place in range(len(mine))]
            tries += [separator.join([*mine[:place], theirs[place], *mine[place + 1 :]]) for place in range(len(mine))]
    try:
        raw = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
        tries += [base64.urlsafe_b64encode(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]).decode().rstrip("=") for place in range(0, len(raw), 3)]
    except ValueError:
        pass
    for text in tries:
        if text not in (good, other.refresh):
            probe.refused(refresh(town, text), f"the refresh token {text[:40]!r}", 400, 401)
    for value in (None, 1, [good], {"$ne": ""}, True):
        probe.refused(refresh(town, value), f"the refresh token {value!r:.40}", 400)
    for token in (good, other.refresh):
        probe.refused(town.web.send("GET", PROFILE, [("Authorization", f"Bearer {token}")]), "a refresh token as an access token", 401)
        probe.refused(town.web.send("GET", f"/api/auth/refresh?refreshToken={token}"), "a refresh token in the query", 404, 405)
    # The tenant of a session is in the session: what the request says changes nothing.
    for headers in ([("X-Tenant-Id", town.b.tenant)], [("Authorization", f"Bearer {town.b.admin.token}")]):
        new = refresh(town, person.refresh, headers)
        if new.good:
            probe.check(new.data["user"]["tenantId"] == town.a.tenant and new.data["user"]["id"] == person.id, f"refreshed into another by {headers}", new)
            person.take(new.data)
        else:
            probe.tries += 1
    probe.honest(refresh(town, somebody(town).refresh), "a real one is good")
    new = refresh(town, person.refresh)
    probe.check(new.good, "a token that was made up around the ids of a session, which are no secret, ended it", new)


@attack("sessions: ended ones")
def ended(town, probe):
    a = town.a
    person = somebody(town)
    probe.honest(person.get(PROFILE), "a session")
    towns.must(person.call("POST", "/api/auth/logout"))
    probe.refused(person.get(PROFILE), "at once after logout", 401)
    gone(probe, person, "after logout")
    # Whoever has a session ends others of their own, and nobody else's.
    person = somebody(town)
    thief = a.log_in(person.login)
    thief.town = town
    mine = [session["id"] for session in towns.must(person.get("/api/users/sessions"))["items"]]
    probe.control(len(mine) == 2, f"two sessions: {mine}")
    stranger = somebody(town)
    for login in mine:
        for who in (stranger, town.b.mallory, a.admin, town.b.admin):
            probe.refused(who.call("DELETE", f"/api/users/sessions/{login}"), f"{who.name} ends another's session", 404)
    probe.honest(thief.get(PROFILE), "the other session lives")
    changed = person.call("POST", "/api/auth/password", {"oldPassword": person.password, "newPassword": "lantern-harbour-95"})
    probe.honest(changed, "a new password")
    gone(probe, thief, "after a new password elsewhere")
    probe.honest(person.get(PROFILE), "the session that changed it lives")
    old = town.web.send("POST", "/api/auth/login", (), {"tenantId": a.tenant, "login": person.login, "password": person.password})
    probe.refused(old, "the old password", 401)


@attack("sessions: whoever is disabled, lowered or erased")
def lowered(town, probe):
    a = town.a
    clerk = a.promoted("clerk", "staff")
    clerk.town = town
    target = f"/api/door/sessions/{a.event['sessions'][0]['id']}/counts?eventId={a.event['id']}"
    probe.honest(clerk.get(target), "a clerk counts at the door")
    towns.must(a.admin.call("PUT", f"/api/admin/users/{clerk.id}", {"role": "customer"}))
    end = time.monotonic() + 2.5
    while clerk.get(target).good and time.monotonic() < end:
        time.sleep(0.05)
    probe.refused(clerk.get(target), "who is no clerk any more counts at the door", 401, 403)
    probe.refused(refresh(town, clerk.refresh), "and refreshes", 401)
    person = somebody(town)
    probe.honest(person.get(PROFILE), "a customer reads their profile")
    towns.must(a.admin.call("PUT", f"/api/admin/users/{person.id}", {"status": "disabled"}))
    gone(probe, person, "disabled")
    login = {"tenantId": a.tenant, "login": person.login, "password": person.password}
    off = town.web.send("POST", "/api/auth/login", (), login)
    wrong = town.web.send("POST", "/api/auth/login", (), {**login, "password": "another-password-1"})
    probe.refused(off, "disabled, logs in", 401)
    probe.check(off.seen() == wrong.seen(), f"the answer tells that the account is disabled: {wrong.brief()}", off)
    person = somebody(town)
    probe.refused(person.call("POST", "/api/users/me/erase", {"password": "another-password-1"}), "erased with a wrong password", 401)
    towns.must(person.call("POST", "/api/users/me/erase", {"password": person.password}))
    gone(probe, person, "erased")


@attack("sessions: those of a tenant that is disabled")
def disabled(town, probe):
    tenant = f"closed-{secrets.token_hex(3)}"
    made = towns.must(town.root.call("POST", "/api/platform/tenants", {"id": tenant, "name": "Closed"}))
    login = f"admin@{tenant}.test"
    towns.must(town.web.send("POST", "/api/auth/invitations/accept", (), {
        "tenantId": tenant, "invitation": made["invitation"], "email": login, "password": towns.PASSWORD}))
    enter = lambda: town.web.send("POST", "/api/auth/login", (), {"tenantId": tenant, "login": login, "password": towns.PASSWORD})
    boss = Person(town.web, "boss", tenant, towns.must(enter()))
    probe.honest(boss.get("/api/admin/users"), "its administrator before")
    line = next(line for line in towns.must(town.root.get("/api/platform/tenants?pageSize=100"))["items"] if line["id"] == tenant)
    shut = town.root.call("PUT", f"/api/platform/tenants/{tenant}", {"status": "disabled", "version": line["version"]})
    probe.honest(shut, "the platform disables it")
    end = time.monotonic() + 2.5
    while boss.get("/api/admin/users").good and time.monotonic() < end:
        time.sleep(0.05)
    probe.refused(boss.get("/api/admin/users"), "its administrator afterwards", 401, 403)
    probe.refused(enter(), "a login afterwards", 401, 403)
    probe.refused(refresh(town, boss.refresh), "a refresh afterwards", 401, 403)
    probe.refused(town.web.send("GET", f"/api/events?tenantId={tenant}"), "its events afterwards", 403, 404)
    for path in (f"/api/platform/tenants/{tenant}", "/api/admin/tenant"):
        answer = boss.call("PUT", path, {"status": "active", "version": line["version"] + 1})
        probe.refused(answer, f"its administrator enables it by {path}", 401, 403)


@attack("sessions: places in lists of another tenant (cursors)")
def cursors(town, probe):
    a, b = town.a, town.b
    verified = towns.must(a.admin.get("/api/admin/audit/verify?limit=5"))
    stated = towns.must(a.admin.get("/api/admin/audit-state?limit=5"))
    listed = towns.must(a.admin.get("/api/admin/audit?pageSize=2"))
    cursors = {"/api/admin/audit/verify?cursor=": verified.get("next"), "/api/admin/audit-state?next=": stated.get("next"),
               "/api/admin/audit?cursor=": listed.get("nextCursor")}
    probe.control(all(cursors.values()), f"there are places: {list(cursors.values())}")
    own = a.tenant
    for target, cursor in cursors.items():
        for who in (b.admin, b.machine):
            answer = who.get(f"{target}{cursor}")
            # Ids of events may stand in it: whoever tries them is on their own tenant's trail with what they tried.
            told = any(theirs.id in answer.text for theirs in (a.admin, a.publisher, a.rival))
            probe.check(not (answer.good and told), f"{who.name} goes on in the list of {own}", answer)
        for who in (a.mallory, a.staff, a.rival, town.nobody):
            probe.refused(who.get(f"{target}{cursor}"), f"{who.name} reads {target}", 401, 403)
        for forged in ("0", "-1", "x", f"{cursor}x", f"{cursor}"[:-1] + "0", "A" * 600, "%00", "18446744073709551616"):
            answer = b.admin.get(f"{target}{forged}")
            probe.check(answer.status < 500 and a.admin.id not in answer.text, f"{target}{forged[:30]}: {answer.status}", answer)
    probe.check(a.admin.id not in b.admin.get("/api/admin/audit").text, "the trail of one tenant speaks of another")


@attack("sessions: many at once by one person")
def alone_works(town, probe):
    person = somebody(town)
    answers = together(*[lambda who=alone(person): who.get(PROFILE) for _ in range(8)])
    probe.control(all(answer.good for answer in answers), "eight requests at once with one token", answers[0])
    logouts = together(*[lambda who=alone(person): who.call("POST", "/api/auth/logout") for _ in range(4)])
    probe.check(all(answer.status < 500 for answer in logouts), "four logouts at once", logouts[0])
    gone(probe, person, "after four logouts")
