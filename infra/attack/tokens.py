"""Access tokens: confusion of algorithms and keys, claims, times, places."""

import base64
import hashlib
import hmac
import http.server
import json
import secrets
import threading
import time

import ed25519
from report import attack
from wire import Web

PROFILE = "/api/users/profile"


def b64(data):
    data = json.dumps(data, separators=(",", ":")).encode() if isinstance(data, (dict, list)) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(token):
    head, claims, signature = token.split(".")
    unb64 = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return json.loads(unb64(head)), json.loads(unb64(claims)), unb64(signature)


def bearer(town, token, target=PROFILE, method="GET", headers=()):
    return town.web.send(method, target, [("Authorization", f"Bearer {token}"), *headers])


def nothing_opens(town, probe, forgeries):
    """No forgery opens what everybody with a session may read, nor what administrators may."""
    for what, token in forgeries:
        probe.refused(bearer(town, token), what, 400, 401)
        probe.refused(bearer(town, token, "/api/admin/users"), f"{what}, at an administrator's list", 400, 401)


def honest(town, probe):
    token = town.a.mallory.token
    probe.honest(bearer(town, token), "a token opens the profile")
    probe.honest(bearer(town, town.a.admin.token, "/api/admin/users"), "an administrator's opens the list of users")
    return token


def keys_of(town):
    return json.loads(town.web.send("GET", "/.well-known/jwks.json").body)["keys"]


@attack("tokens: no algorithm, and none at all")
def none(town, probe):
    head, claims, signature = parts(honest(town, probe))
    forgeries = []
    for word in ["none", "None", "NONE", "nOnE", "", None, 0, True, [], {}, "EdDSA,none", "none\0", " none"]:
        for sealed in ("", b64(signature), "AA"):
            token = f"{b64({**head, 'alg': word})}.{b64(claims)}.{sealed}"
            forgeries.append((f"alg {word!r} with signature {sealed[:4]!r}", token))
    bare = b64({"typ": "JWT"})
    forgeries += [("no alg", f"{bare}.{b64(claims)}."), ("two parts", f"{b64(head)}.{b64(claims)}")]
    forgeries += [("no header", f".{b64(claims)}."), ("header null", f"{b64(b'null')}.{b64(claims)}."), ("nothing", "..")]
    nothing_opens(town, probe, forgeries)


@attack("tokens: HMAC with the public key")
def confused(town, probe):
    head, claims, _ = parts(honest(town, probe))
    forgeries = []
    for key in keys_of(town):
        raw = base64.urlsafe_b64decode(key["x"] + "=")
        der = bytes.fromhex("302a300506032b6570032100") + raw
        pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----"
        secrets_tried = {"raw": raw, "hex": raw.hex().encode(), "x": key["x"].encode(), "base64": base64.b64encode(raw)}
        secrets_tried |= {"der": der, "pem": pem, "pem with line feed": pem + b"\n", "nothing": b"", "zero": bytes(32)}
        secrets_tried |= {"jwk": json.dumps(key, separators=(",", ":")).encode(), "kid": key["kid"].encode()}
        for kid in (key["kid"], head["kid"]):
            for word, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512"), ("EdDSA", "sha512")):
                for name, secret in secrets_tried.items():
                    signed = f"{b64({**head, 'alg': word, 'kid': kid})}.{b64(claims)}"
                    tag = hmac.new(secret, signed.encode(), digest).digest()
                    forgeries.append((f"{word} with key {kid} as {name}", f"{signed}.{b64(tag)}"))
    nothing_opens(town, probe, forgeries)


@attack("tokens: other names of keys")
def kids(town, probe):
    head, claims, signature = parts(honest(town, probe))
    key, forgeries = ed25519.Key(secrets.token_bytes(32)), []
    strange = ["", "0", "1", "2", "3", "-1", "01", " 1", "1 ", "+1", "١", "4294967296", "18446744073709551616", "1e0", "0x1"]
    strange += ["../../../../dev/null", "/dev/null", "1' OR '1'='1", "1\0", "a" * 900, "*", None, 1, 1.0, [], {"kid": "1"}]
    for kid in strange:
        given = {**head, "kid": kid}
        signed = f"{b64(given)}.{b64(claims)}"
        forgeries.append((f"kid {str(kid)[:24]!r}, own key", f"{signed}.{b64(key.sign(signed.encode()))}"))
        empty = hmac.new(b"", f"{b64({**given, 'alg': 'HS256'})}.{b64(claims)}".encode(), "sha256").digest()
        forgeries.append((f"kid {str(kid)[:24]!r}, empty HMAC", f"{b64({**given, 'alg': 'HS256'})}.{b64(claims)}.{b64(empty)}"))
        if kid != head["kid"]:
            forgeries.append((f"kid {str(kid)[:24]!r}, signature of another header", f"{signed}.{b64(signature)}"))
    nothing_opens(town, probe, forgeries)


class Listener:
    """Whoever asks for a key here was made to by a token."""

    def __init__(self, key):
        asked, listener = [], self
        self.asked = asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                said = listener.discovery() if "openid-configuration" in self.path else {"keys": [key]}
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def discovery(self):
        """What an OpenID provider says of itself."""
        places = {name: f"{self.url}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        offers = {"response_types_supported": ["code"], "subject_types_supported": ["public"]}
        return {"issuer": self.url, **places, **offers, "id_token_signing_alg_values_supported": ["EdDSA", "RS256"]}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@attack("tokens: a key of the attacker's own in the header (jwk, jku, x5u, x5c)")
def injected(town, probe):
    ed25519.assert_right()
    head, claims, _ = parts(honest(town, probe))
    key = ed25519.Key(secrets.token_bytes(32))
    jwk = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": b64(key.public)}
    listener, forgeries = Listener({**jwk, "kid": "9"}), []
    probe.honest(Web(listener.url).send("GET", "/control"), "the listener hears who asks")
    der = bytes.fromhex("302a300506032b6570032100") + key.public
    more = [{}, {"jwk": jwk}, {"jku": f"{listener.url}/jku"}, {"x5u": f"{listener.url}/x5u"}]
    more += [{"x5c": [base64.b64encode(der).decode()]}, {"jwk": jwk, "crit": ["jwk"]}, {"crit": ["exp"]}, {"b64": False}]
    more += [{"jku": f"{town.web.url}/.well-known/jwks.json"}, {"typ": "at+jwt"}, {"cty": "JWT"}, {"zip": "DEF"}]
    raised = {**claims, "role": "platform"}
    for added in more:
        for kid in (head["kid"], "9", None):
            for said in (claims, raised):
                given = {key: value for key, value in {**head, **added, "kid": kid}.items() if value is not None}
                signed = f"{b64(given)}.{b64(said)}"
                forgeries.append((f"{list(added)} with kid {kid}", f"{signed}.{b64(key.sign(signed.encode()))}"))
    nothing_opens(town, probe, forgeries)
    listener.close()
    probe.check(listener.asked == ["/control"], f"a token made the program ask for {listener.asked}")


@attack("tokens: other claims under the same signature")
def claims_changed(town, probe):
    head, claims, signature = parts(honest(town, probe))
    other = parts(town.b.admin.token)
    forgeries = []
    changes = [{"role": role} for role in ("staff", "publisher", "admin", "platform")]
    changes += [{"tid": town.b.tenant}, {"sub": town.a.admin.id}, {"sid": parts(town.a.admin.token)[1]["sid"]}]
    changes += [{"exp": claims["exp"] + 86400}, {"iat": 0}, {"aud": "other"}, {"iss": "other"}, {"aud": ["onsale-api", "x"]}]
    for change in changes:
        for sealed in (signature, other[2], bytes(64), bytes([1]) + bytes(63), signature[:63], signature + b"\0", b""):
            token = f"{b64(head)}.{b64({**claims, **change})}.{b64(sealed)}"
            forgeries.append((f"{change} with a signature of {len(sealed)} bytes", token))
    text = town.a.mallory.token
    pieces = text.split(".")
    twice = {**claims, "role": "admin"}
    doubled = json.dumps(claims)[:-1] + ', "role": "admin"}'
    forgeries += [
        ("claims twice", f"{pieces[0]}.{b64(doubled.encode())}.{pieces[2]}"),
        ("claims before the signed ones", f"{pieces[0]}.{b64(twice)}.{pieces[1]}.{pieces[2]}"),
        ("four parts", text + ".e30"),
        ("half a token", text[: len(text) // 2]),
        ("the last character missing", text[:-1]),
        ("a character more", text + "A"),
        ("padding", text + "=="),
        ("the standard alphabet", text.replace("-", "+").replace("_", "/") if set("-_") & set(text) else text + "+"),
        ("a line feed inside", pieces[0] + ".%0A" + pieces[1] + "." + pieces[2]),
    ]
    nothing_opens(town, probe, forgeries)


@attack("tokens: another spelling of the same signature")
def malleable(town, probe):
    text = honest(town, probe)
    signed, _, sealed = text.rpartition(".")
    signature = parts(text)[2]
    # Trailing bits of base64 that say nothing, and S + L for S (RFC 8032, 5.1.7 demands that S is smaller than L).
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(sealed[-1])
    spelled = [(f"trailing bits {bits}", f"{signed}.{sealed[:-1]}{alphabet[last ^ bits]}") for bits in (1, 2, 4, 8)]
    s = int.from_bytes(signature[32:], "little") + ed25519.L
    if s < 2**256:
        spelled.append(("S + L", f"{signed}.{b64(signature[:32] + s.to_bytes(32, 'little'))}"))
    nothing_opens(town, probe, spelled)


@attack("tokens: an expired one")
def expired(town, probe):
    honest(town, probe)
    claims = parts(town.a.mallory.token)[1]
    probe.check(claims["exp"] - claims["iat"] <= 900, f"a token is good for {claims['exp'] - claims['iat']} s")
    probe.check(abs(claims["iat"] - time.time()) < 120, "a token begins now")
    # The attacker has no key: a real token of the past is not to be had from outside, so its times are all that is seen.
    probe.check(set(claims) == {"sub", "tid", "role", "sid", "iat", "exp", "iss", "aud"}, f"claims are {sorted(claims)}")


@attack("tokens: a token of one tenant at another")
def elsewhere(town, probe):
    honest(town, probe)
    a, b = town.a, town.b
    for person, other in ((a.mallory, b), (a.admin, b), (town.root, b), (b.admin, a), (b.mallory, a)):
        probe.honest(person.call("GET", PROFILE, headers=[("X-Tenant-Id", person.tenant)]), "one's own tenant in the header")
        for method, target in [("GET", PROFILE), ("GET", "/api/orders"), ("GET", "/api/admin/users"), ("GET", "/api/events")]:
            sep = "&" if "?" in target else "?"
            tries = [(f"{target}{sep}tenantId={other.tenant}", []), (target, [("X-Tenant-Id", other.tenant)])]
            tries += [(f"{target}{sep}tenantId={other.tenant}&tenantId={person.tenant}", []),
                      (f"{target}{sep}tenantId={person.tenant}&tenantId={other.tenant}", []),
                      (f"{target}{sep}tenantId={person.tenant}", [("X-Tenant-Id", other.tenant)]),
                      (target, [("X-Tenant-Id", person.tenant), ("X-Tenant-Id", other.tenant)]),
                      (target, [("X-Tenant-Id", other.tenant), ("X-Tenant-Id", person.tenant)]),
                      (f"{target}{sep}tenant%49d={other.tenant}", []), (f"{target}{sep}tenantid={other.tenant}", []),
                      (f"{target}{sep}tenantId[]={other.tenant}", []), (target, [("X-Tenant-Id", f"{other.tenant},{person.tenant}")])]
            for where, headers in tries:
                answer = person.call(method, where, headers=headers)
                leaks = answer.good and other.tenant in answer.text
                probe.check(not leaks, f"{person.name} at {other.tenant} by {where} {headers}", answer)
    # The tenant in the path of the platform's routes is a platform's business alone.
    for person in (a.admin, b.admin, b.mallory):
        answer = person.call("PUT", f"/api/platform/tenants/{a.tenant}", {"name": "Taken", "version": 1})
        probe.refused(answer, f"{person.name} changes a tenant as the platform does", 403)
