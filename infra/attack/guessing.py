"""Guessing: passwords, codes, and who has an account at all.

Attempts from 127.0.0.1 are not counted by the local program, so whoever guesses here calls from another address of the
loopback network, each attack from one of its own. Where the machine has none (only Linux has all of 127/8), it is skipped.
"""

import base64
import concurrent.futures
import hmac
import secrets
import statistics
import struct
import time

import town as towns
from report import Skipped, attack
from wire import Person

LOGIN, DOOR = "/api/auth/login", "/api/admin/auth/login"
WRONG = "wrong-password-%s"
# Attempts in 15 minutes, of one address and with one name, as docs/security.md states them.
PER_ADDRESS, PER_NAME = 50, 5
FORGED = ["X-Forwarded-For", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Originating-IP",
          "X-Remote-IP", "X-Remote-Addr", "Client-IP", "Forwarded", "Via", "X-Forwarded", "X-Azure-ClientIP", "Fastly-Client-IP"]


def stranger(town):
    web = town.stranger()
    try:
        web.send("GET", "/healthz")
    except OSError as reason:
        raise Skipped(f"this machine has no other address to call from: {reason}") from reason
    return web


def log_in(web, tenant, login, password, headers=(), path=LOGIN, **more):
    field = "username" if path == DOOR else "login"
    return web.send("POST", path, headers, {"tenantId": tenant, field: login, "password": password, **more})


def totp(secret, step=0):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + step), "sha1").digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


@attack("guessing: one password with many names from one address")
def spray(town, probe):
    a, web = town.a, stranger(town)
    person = a.register("sprayed")
    probe.honest(log_in(web, a.tenant, person.login, person.password), "the password itself gets in from there")
    refused, last = 0, None
    for number in range(PER_ADDRESS + 10):
        tenant = (a, town.b)[number % 2].tenant if number % 5 == 0 else a.tenant
        path = DOOR if number % 3 == 0 else LOGIN
        last = log_in(web, tenant, f"nobody{number}-{secrets.token_hex(3)}@demo.test", WRONG % 1, path=path)
        refused += last.status == 429
        probe.check(last.status in (401, 429), f"guess {number}: {last.status}", last)
        if refused >= 3:
            break
    probe.check(refused > 0 and number <= PER_ADDRESS + 8, f"{number} guesses from one address and no end", last)
    probe.check(last.header("retry-after").isdigit(), "it is not told when to come back", last)
    probe.refused(log_in(web, a.tenant, person.login, person.password), "the right password from there", 429)
    for name in FORGED:
        for value in ("203.0.113.9", "127.0.0.1", "::1", "127.0.0.1, 203.0.113.9", "for=127.0.0.1"):
            answer = log_in(web, a.tenant, person.login, person.password, [(name, value)])
            probe.refused(answer, f"the right password with {name}: {value}", 429)
    many = [("X-Forwarded-For", f"198.51.100.{n}") for n in range(5)]
    probe.refused(log_in(web, a.tenant, person.login, person.password, many), "with five addresses", 429)
    for path, body in (("/api/auth/register", {"tenantId": a.tenant, "email": "more@demo.test", "password": towns.PASSWORD}),
                       ("/api/auth/verify", {"tenantId": a.tenant, "login": person.login, "code": "000000"}),
                       ("/api/auth/password/forgot", {"tenantId": a.tenant, "login": person.login})):
        probe.refused(web.send("POST", path, (), body), f"{path} from there", 429)
    probe.honest(log_in(stranger(town), a.tenant, person.login, person.password), "the right password from elsewhere")


@attack("guessing: many passwords for one name")
def hammer(town, probe):
    a = town.a
    for path, what in ((LOGIN, "one after the other"), (LOGIN, "all at once"), (DOOR, "at both doors")):
        person = a.register("hammered") if path == LOGIN else a.promoted("hammered", "staff")
        webs = [stranger(town) for _ in range(8)]
        probe.honest(log_in(webs[0], a.tenant, person.login, person.password), f"{what}: the password itself gets in")
        variants = [person.login, person.login.upper(), f" {person.login}", f"{person.login} ", person.login.title(), f"{person.login}\t", f"\n{person.login}"]

        def guess(number, path=path, person=person, webs=webs, variants=variants):
            where = (LOGIN, DOOR)[number % 2] if path == DOOR else path
            headers = [("X-Forwarded-For", f"198.51.100.{number}")]
            return log_in(webs[number % 8], a.tenant, variants[number % len(variants)], WRONG % number, headers, where)

        if what == "all at once":
            with concurrent.futures.ThreadPoolExecutor(8) as threads:
                # One connection is one thread's: each has every eighth guess.
                rows = list(threads.map(lambda lane: [guess(number) for number in range(lane, 24, 8)], range(8)))
            answers = [answer for row in rows for answer in row]
        else:
            answers = [guess(number) for number in range(12)]
        looked = sum(answer.status == 401 for answer in answers)
        probe.check(looked <= PER_NAME, f"{what}: {looked} guesses were looked at", answers[0])
        probe.check(all(answer.status in (401, 429) for answer in answers), f"{what}: {[answer.status for answer in answers]}", answers[0])
        for web in webs[:3]:
            probe.refused(log_in(web, a.tenant, person.login, person.password), f"{what}: then the right one", 429)


@attack("guessing: a password by a session that was stolen")
def oracles(town, probe):
    a = town.a
    for what, ask in {
        "a new password": lambda who, word: who.call("POST", "/api/auth/password", {"oldPassword": word, "newPassword": "lantern-harbour-95"}),
        "erasing oneself": lambda who, word: who.call("POST", "/api/users/me/erase", {"password": word}),
        "another name": lambda who, word: who.call("POST", "/api/auth/verify/send", {"login": "other@demo.test", "password": word}),
        "all three": lambda who, word: (who.call("POST", "/api/auth/password", {"oldPassword": word, "newPassword": "lantern-harbour-95"}) if len(word) % 2
                                        else who.call("POST", "/api/users/me/erase", {"password": word})),
    }.items():
        person = a.register("stolen")
        probe.honest(person.get("/api/users/profile"), f"{what}: the session is alive")
        answers = [ask(person, WRONG % ("x" * number)) for number in range(12)]
        looked = sum(answer.status == 401 for answer in answers)
        probe.check(0 < looked <= PER_NAME, f"{what}: {looked} guesses were looked at", answers[-1])
        probe.refused(ask(person, person.password), f"{what}: then the right one", 429)
        probe.honest(log_in(town.web, a.tenant, person.login, person.password), f"{what}: the owner still gets in")


@attack("guessing: a code that proves an address")
def codes(town, probe):
    a = town.a
    for guessed in (False, True):
        person = a.register("proved")
        sent = person.call("POST", "/api/auth/verify/send", {"login": person.login})
        probe.honest(sent, "a code is sent", 202, 409)
        # One was sent at registration; the one that was asked for counts.
        code = towns.wait_for(lambda person=person: [text for text in town.messages(person.login) if text[:6].isdigit()], lambda sent: len(sent) > 1)[0][:6]
        tell = lambda code, login=person.login, tenant=a.tenant, web=town.web: web.send("POST", "/api/auth/verify", (), {"tenantId": tenant, "login": login, "code": code})
        if not guessed:
            for other in (town.b.tenant,):
                probe.refused(tell(code, tenant=other), "the code at another tenant", 401)
            probe.refused(tell(code, login=a.mallory.login), "the code for another name", 401)
            probe.honest(tell(code), "the code itself")
            probe.refused(tell(code), "the code again", 401)
            continue
        wrong = [f"{(int(code) + number) % 1_000_000:06}" for number in range(1, 11)]
        with concurrent.futures.ThreadPoolExecutor(5) as threads:
            answers = list(threads.map(lambda text, tell=tell: tell(text, web=town.web.elsewhere()), wrong))
        probe.check(all(answer.status in (401, 429) for answer in answers), f"{[answer.status for answer in answers]}", answers[0])
        for strange in ("", "0", code[:5], code + "0", f"{code},000000", "%", "______", "[0-9]*", "０００００１"):
            answer = tell(strange)
            probe.refused(answer, f"the code {strange!r}", 400, 401, 429)
        probe.refused(tell(code), "after ten guesses, the right one", 401, 429)
        profile = towns.must(person.get("/api/users/profile"))
        probe.check(not profile["emailVerified"], "the address counts as proved")
    for login in (a.mallory.login, a.admin.login):
        before = towns.must(a.rival.get("/api/users/profile"))
        answer = a.rival.call("PUT", "/api/users/profile", {"email": login})
        after = towns.must(a.rival.get("/api/users/profile"))
        probe.check(after["email"] == before["email"], "another's address is taken by saying so", answer)


@attack("guessing: the second factor")
def second(town, probe):
    a, person = town.a, town.a.register("factor")
    begun = towns.must(person.call("POST", "/api/auth/2fa"))
    towns.must(person.call("POST", "/api/auth/2fa/confirm", {"otp": totp(begun["secret"], -1)}))
    get = lambda otp, web=town.web: log_in(web, a.tenant, person.login, person.password, **({"otp": otp} if otp is not None else {}))
    bare = get(None)
    probe.check(bare.error == "otp_required", f"without a code: {bare.status} {bare.error}", bare)
    good = totp(begun["secret"])
    entered = get(good)
    probe.honest(entered, "the code gets in")
    probe.refused(get(good), "the same code again", 401)
    person.take(entered.data)
    thief = a.register("thief")
    used = towns.must(thief.call("POST", "/api/auth/2fa"))
    probe.refused(get(totp(used["secret"])), "a code of another's secret", 401)
    wrong = [f"{number:06}" for number in range(8) if f"{number:06}" not in {totp(begun["secret"], step) for step in range(-2, 4)}]
    answers = [get(otp) for otp in ["", "null", *wrong]]
    looked = sum(answer.status == 401 and answer.error == "bad_code" for answer in answers)
    probe.check(looked <= PER_NAME, f"{looked} codes were looked at", answers[-1])
    for _ in range(3):
        # Asking without a code must not make it forget what was guessed.
        get(None)
    late = get(totp(begun["secret"], 1))
    probe.refused(late, "after these, the right one", 429)
    ends = [person.call("DELETE", f"/api/auth/2fa?otp={otp}") for otp in wrong]
    looked = sum(answer.status == 401 for answer in ends)
    probe.check(looked <= PER_NAME, f"{looked} codes were looked at where it is given up", ends[-1])
    probe.refused(person.call("DELETE", f"/api/auth/2fa?otp={totp(begun['secret'], 1)}"), "after these, given up by the right one", 429)
    probe.refused(person.call("POST", "/api/auth/2fa"), "enrolled once more, without giving it up", 409)


@attack("guessing: a link for a new password, an invitation, a state")
def links(town, probe):
    a = town.a
    person = a.register("linked")
    towns.must(town.web.send("POST", "/api/auth/password/forgot", (), {"tenantId": a.tenant, "login": person.login}))
    text = towns.wait_for(lambda: [text for text in town.messages(person.login) if "#" in text], bool)[0]
    token = text.split("#", 1)[1].split()[0].split("token=")[-1]
    reset = lambda token: town.web.send("POST", "/api/auth/password/reset", (), {"token": token, "newPassword": "lantern-harbour-95"})
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    forged = [token[:place] + alphabet[(alphabet.find(token[place]) + 1) % 64] + token[place + 1 :] for place in range(0, len(token), 5)]
    refusals = [reset(text) for text in [*forged, token[:-2], token + "AA", "x", person.token, person.refresh, person.id]]
    for answer in refusals:
        probe.refused(answer, "a link that was altered", 400, 401, 404)
    probe.check(len({answer.seen()[:2] for answer in refusals if answer.status != 400}) == 1, "altered links are answered in different ways", refusals[0])
    probe.honest(reset(token), "the link itself")
    probe.refused(reset(token), "the link again", 400, 401, 404)
    probe.refused(person.get("/api/users/profile"), "the session before", 401)
    probe.honest(log_in(town.web, a.tenant, person.login, "lantern-harbour-95"), "the new password")
    accept = lambda invitation, tenant: town.web.send("POST", "/api/auth/invitations/accept", (), {
        "tenantId": tenant, "invitation": invitation, "email": f"x-{secrets.token_hex(3)}@demo.test", "password": towns.PASSWORD})
    other = f"third-{secrets.token_hex(3)}"
    made = towns.must(town.root.call("POST", "/api/platform/tenants", {"id": other, "name": "Third"}))
    for tenant in (a.tenant, town.b.tenant, "none"):
        probe.refused(accept(made["invitation"], tenant), f"an invitation at {tenant}", 404)
    for altered in (made["invitation"][:-1], made["invitation"] + "A", "x", "A" * len(made["invitation"])):
        probe.refused(accept(altered, other), "an invitation that was altered", 404)
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: town.web.elsewhere().send("POST", "/api/auth/invitations/accept", (), {
            "tenantId": other, "invitation": made["invitation"], "email": f"x-{secrets.token_hex(3)}@demo.test", "password": towns.PASSWORD}), range(4)))
    probe.control(any(answer.good for answer in answers), "the invitation itself", answers[0])
    probe.check(sum(answer.good for answer in answers) <= 1, "an invitation is said to have made several administrators", answers[0])
    probe.refused(accept(made["invitation"], other), "the invitation again", 404)


@attack("guessing: who has an account, by what is answered")
def told(town, probe):
    a = town.a
    person, off = a.register("known"), a.register("disabled")
    towns.must(a.admin.call("PUT", f"/api/admin/users/{off.id}", {"status": "disabled"}))
    unknown = f"nobody-{secrets.token_hex(6)}@demo.test"
    probe.honest(log_in(town.web, a.tenant, person.login, person.password), "who is known gets in")
    for path in (LOGIN, DOOR):
        base = log_in(town.web, a.tenant, unknown, WRONG % 1, path=path)
        cases = {"somebody": (a.tenant, person.login, WRONG % 1), "somebody disabled": (a.tenant, off.login, WRONG % 1), "disabled, the right one": (a.tenant, off.login, off.password),
                 "another tenant's": (town.b.tenant, person.login, person.password), "an administrator": (a.tenant, "root@demo.test", WRONG % 1)}
        if path == DOOR:
            cases["a customer with the right one"] = (a.tenant, person.login, person.password)
        for what, case in cases.items():
            answer = log_in(town.web, *case, path=path)
            probe.check(answer.seen() == base.seen(), f"{path}: {what} is answered otherwise than nobody: {base.brief()}", answer)
    for path, body in (("/api/auth/password/forgot", {}), ("/api/auth/verify", {"code": "000000"})):
        answers = [town.web.send("POST", path, (), {"tenantId": a.tenant, "login": login, **body}) for login in (unknown, person.login, off.login, "root@demo.test", "+8613800138000")]
        probe.check(len({answer.seen() for answer in answers}) == 1, f"{path} tells who is known: {[answer.brief()[:90] for answer in answers]}", answers[1])
    mallory = a.register("asks")
    answers = [mallory.call("POST", "/api/auth/verify/send", {"login": login, "password": mallory.password}) for login in (unknown, person.login, "root@demo.test")]
    probe.check(len({answer.seen() for answer in answers}) == 1, f"a wanted name tells who has it: {[answer.brief()[:90] for answer in answers]}", answers[1])


def medians(ask, names, rounds):
    """The middle time of each of two kinds of names in turn, so that whatever slows the machine slows both."""
    times = {kind: [] for kind in names}
    for number in range(rounds):
        kinds = list(names) if number % 2 else list(names)[::-1]
        for kind in kinds:
            name = names[kind][number % len(names[kind])]
            began = time.perf_counter()
            ask(name)
            times[kind].append(time.perf_counter() - began)
    return times


@attack("guessing: who has an account, by how long it takes")
def timed(town, probe):
    a = town.a
    rounds = 16
    for path, what, attempts in ((LOGIN, "login", 3), ("/api/auth/password/forgot", "forgotten password", 2), (DOOR, "administrators' login", 1)):
        body = {"code": "000000"} if "verify" in path else {}
        ask = lambda login: (log_in(town.web, a.tenant, login, WRONG % 1, path=path) if path != "/api/auth/password/forgot"
                             else town.web.send("POST", path, (), {"tenantId": a.tenant, "login": login, **body}))
        slower = []
        # What looks like a difference has to be there three times: a machine has other things to do, too.
        for attempt in range(3):
            people = rounds // 4 + 1
            names = {"known": [a.register("timed").login for _ in range(people)], "unknown": [f"nobody-{secrets.token_hex(6)}@demo.test" for _ in range(people)]}
            towns.wait_for(lambda names=names: town.messages(names["known"][-1]), bool)
            times = medians(ask, names, rounds)
            known, unknown = (sorted(times[kind]) for kind in ("known", "unknown"))
            middle = {kind: statistics.median(values) for kind, values in times.items()}
            larger = sum(k > u for k in known for u in unknown) / len(known) / len(unknown)
            gap = abs(middle["known"] - middle["unknown"]) / min(middle.values())
            probe.tries += 2 * rounds
            if not (gap > 0.15 and not 0.12 < larger < 0.88):
                break
            slower.append(max(middle, key=middle.get))
        if len(slower) == 3 and len(set(slower)) == 1:
            probe.find(f"{what}: {middle['known'] * 1000:.2f} ms where the name is known, {middle['unknown'] * 1000:.2f} ms where not ({larger:.2f})")
        probe.control(min(middle.values()) > 0.0005, f"{what} takes some time: {middle}")
        if path == LOGIN:
            # The measure sees what it has to see: a name that is locked costs no hash, and is another answer too.
            locked = a.register("locked").login
            for _ in range(6):
                ask(locked)
            quick = medians(ask, {"locked": [locked], "unknown": [f"nobody-{secrets.token_hex(6)}@demo.test" for _ in range(3)]}, 12)
            probe.control(statistics.median(quick["locked"]) * 1.3 < statistics.median(quick["unknown"]), f"a difference of one hash is seen: {quick}")
