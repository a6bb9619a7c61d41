"""Logs in at an OpenID provider that is not ours, through the running program: the first login makes an account, the second
finds it, and a state or code that was used is refused.

    npm install --prefix FOLDER oidc-provider oauth2-mock-server
    python3 infra/federation/story.py --program target/debug/onsale --npm FOLDER

Nothing but Python's own library. Each provider is a program of its own and listens on loopback.
"""

import argparse
import http.cookiejar
import json
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

CLIENT, SECRET = "onsale-client", "a secret/with:odd+letters"
BACK = "https://shop.example.org/back"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url):
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def call(base, method, path, body, token=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(base + path, json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def expect(status, answer):
    assert answer[0] == status, answer
    return answer[1].get("data", answer[1])


class Browser(urllib.request.HTTPRedirectHandler):
    """Goes where it is sent, fills in the forms it meets, and stops where it is sent back to the shop."""

    def __init__(self, person):
        self.person = person
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(self, jar)

    def redirect_request(self, *_):
        return None

    def open(self, url, form=None):
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            return self.opener.open(urllib.request.Request(url, data), timeout=30)
        except urllib.error.HTTPError as answer:
            return answer

    def visit(self, url):
        answer = self.open(url)
        for _ in range(20):
            location = answer.headers.get("location")
            if location:
                url = urllib.parse.urljoin(url, location)
                if url.startswith(BACK):
                    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
                    return query["code"][0], query["state"][0]
                answer = self.open(url)
                continue
            page = answer.read().decode()
            action = re.search(r'<form[^>]*action="([^"]+)"', page)
            assert action, (answer.status, page[:2000])
            form = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
            if 'name="login"' in page:
                form.update(login=self.person, password="any")
            url = urllib.parse.urljoin(url, action.group(1))
            answer = self.open(url, form)
        raise AssertionError("the browser is sent about without end")


def story(shop, admin, name, issuer):
    agreed = {"issuer": issuer, "clientId": CLIENT, "clientSecret": SECRET, "redirectUris": [BACK]}
    expect(200, call(shop, "PUT", f"/api/admin/login-providers/{name}", agreed, admin))
    users = []
    for _ in range(2):
        begun = expect(200, call(shop, "POST", f"/api/auth/oidc/{name}/start", {"tenantId": "demo"}))
        code, state = Browser("ana").visit(begun["authorizationUrl"])
        assert begun["state"].startswith(state + "."), "the provider brings back another state"
        path = f"/api/auth/oidc/{name}/callback"
        alone = call(shop, "POST", path, {"tenantId": "demo", "code": code, "state": state})
        assert (alone[0], alone[1]["error"]) == (401, "login_refused"), alone
        body = {"tenantId": "demo", "code": code, "state": begun["state"]}
        signed_in = expect(200, call(shop, "POST", path, body))
        assert signed_in["user"]["role"] == "customer", signed_in
        users.append(signed_in["user"]["id"])
        again = call(shop, "POST", path, body)
        assert (again[0], again[1]["error"]) == (401, "login_refused"), again
        # The code of one login under the verifier of another.
        first, other = (expect(200, call(shop, "POST", f"/api/auth/oidc/{name}/start", {"tenantId": "demo"})) for _ in "ab")
        code, _ = Browser("ana").visit(first["authorizationUrl"])
        mixed = call(shop, "POST", path, {"tenantId": "demo", "code": code, "state": other["state"]})
        assert (mixed[0], mixed[1]["error"]) == (401, "login_refused"), mixed
    assert users[0] == users[1], users
    print(f"{name}: two logins at {issuer}, one account; used states, bare states and mixed codes are refused")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--npm", required=True, type=pathlib.Path)
    given = parser.parse_args()
    here = pathlib.Path(__file__).resolve().parent
    certified, mock, shop = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        commands = [
            ["node", here / "provider.mjs", str(certified), CLIENT, SECRET, BACK],
            ["node", "node_modules/.bin/oauth2-mock-server", "-a", "localhost", "-p", str(mock)],
            [given.program.resolve(), "--demo", "--data", folder, "--port", str(shop)],
        ]
        running = [subprocess.Popen(command, cwd=given.npm, stdout=subprocess.DEVNULL) for command in commands]
        try:
            base = f"http://127.0.0.1:{shop}"
            for url in [f"http://localhost:{certified}", f"http://localhost:{mock}"]:
                wait_for(url + "/.well-known/openid-configuration")
            wait_for(base + "/readyz")
            who = {"tenantId": "demo", "username": "admin@demo.test", "password": "demo-password-1"}
            for _ in range(300):
                status, answer = call(base, "POST", "/api/admin/auth/login", who)
                if status == 200:
                    break
                time.sleep(0.2)
            admin = answer["data"]["token"]
            story(base, admin, "certified", f"http://localhost:{certified}")
            story(base, admin, "mock", f"http://localhost:{mock}")
        finally:
            for process in running:
                process.terminate()


main()
