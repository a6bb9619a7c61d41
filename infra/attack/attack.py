"""Attacks the running program from outside, as a stranger with a pen and a proxy would, and counts what it finds.

    python3 infra/attack/attack.py --program target/debug/onsale
    python3 infra/attack/attack.py --url http://127.0.0.1:3000

Nothing but Python's own library, and nothing of the program's code: what is known of it is its HTTP contract. The program
must have been started with `--demo`; `--program` starts one on free ports, in memory, and ends it. Whatever an attack proves,
it proves beside an honest request of the same kind that succeeds (a *control*); a control that fails is a finding too.

Each finding is printed with the request that repeats it and its answer. The exit code is 1 where there is any.
"""

import argparse
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import report  # noqa: E402
from town import Town  # noqa: E402
from wire import Web  # noqa: E402

# Each declares its attacks; they run in this order. Those that tear things down come last.
import tokens  # noqa: E402, F401
import smuggling  # noqa: E402, F401
import bodies  # noqa: E402, F401
import browsers  # noqa: E402, F401
import walk  # noqa: E402, F401
import assignment  # noqa: E402, F401
import money  # noqa: E402, F401
import machines  # noqa: E402, F401
import sessions  # noqa: E402, F401
import guessing  # noqa: E402, F401


@contextlib.contextmanager
def started(program):
    """The program with the demo, on a free port of this machine; ends with the block."""
    with tempfile.TemporaryFile("w+") as log:
        command = [program, "--demo", "--data", ":memory:", "--port", "0", "--aws-port", "0", "--log", "warn"]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            found = re.search(r"http://\S+", running.stdout.readline())
            if not found:
                log.seek(0)
                raise SystemExit(f"the program does not start: {log.read()[-2000:]}")
            yield found.group(), lambda: (running.poll(), log)
        finally:
            running.terminate()
            running.wait(30)


def complaints(log):
    """What the program thinks that a person should act on. Nothing that a client sends should make that happen; that the
    simulated provider takes another amount than it was asked to take should."""
    log.seek(0)
    return [line.strip() for line in log if (" ERROR " in line and "wrong amount" not in line) or "panicked" in line]


def attack(url, given):
    document = json.loads(given.openapi.read_text()) if given.openapi else None
    began = time.monotonic()
    wait_until_healthy(url)
    town = Town(url, document)
    print(f"attacking {url}: two tenants are there after {time.monotonic() - began:.1f} s", flush=True)
    found = report.run(town, given.only, 10_000 if given.all else 5)
    return found, time.monotonic() - began


def wait_until_healthy(url):
    for _ in range(300):
        with contextlib.suppress(OSError):
            if Web(url).send("GET", "/healthz").status == 200:
                return
        time.sleep(0.1)
    raise SystemExit(f"{url}/healthz does not answer")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--url", help="where the program runs, with its demo")
    which.add_argument("--program", type=pathlib.Path, help="the program, to be started for this")
    parser.add_argument("--openapi", type=pathlib.Path, help="another document than the one at /openapi.json")
    parser.add_argument("--only", action="append", help="only attacks with this word in their name; may stand several times")
    parser.add_argument("--all", action="store_true", help="print all findings of an attack, not the first five")
    given = parser.parse_args()
    if given.url:
        found, took = attack(given.url, given)
    else:
        with started(given.program.resolve()) as (url, state):
            found, took = attack(url, given)
            ended, log = state()
            if ended is not None:
                print(f"FOUND the program ended: {ended}")
                found += 1
            for line in complaints(log):
                print(f"FOUND the program complains: {line}")
                found += 1
    print(f"{found} findings in {took:.0f} s")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
