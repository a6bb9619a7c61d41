"""What was tried, what was found, and whether each attack reached what it attacks."""

import time
import traceback

ATTACKS = []


def attack(name):
    """Marks an attack; they run in the order in which they are declared."""

    def note(function):
        ATTACKS.append((name, function))
        return function

    return note


class Skipped(Exception):
    """What an attack needs is not to be had here."""


class Probe:
    """One attack under way."""

    def __init__(self, name):
        self.name, self.tries, self.controls, self.findings, self.notes = name, 0, 0, [], []

    def control(self, holds, what, answer=None):
        """An honest request that has to succeed: else the attack proves nothing."""
        self.controls += 1
        if not holds:
            self.find(f"control: {what}", answer)
        return holds

    def honest(self, answer, what, *wanted):
        holds = answer.status in wanted if wanted else answer.good
        return self.control(holds, what, answer)

    def check(self, holds, what, answer=None):
        """One try, that must not have come off."""
        self.tries += 1
        if not holds:
            self.find(what, answer)
        return holds

    def refused(self, answer, what, *wanted):
        """One try, that must have been refused: by a 4xx, or by one of some."""
        holds = answer.status in wanted if wanted else 400 <= answer.status < 500
        return self.check(holds, f"{what}: {answer.status} {answer.error}", answer)

    def find(self, what, answer=None):
        self.findings.append((what, answer))

    def note(self, text):
        """Something to know that is no finding."""
        self.notes.append(text)


def run(town, only, limit):
    """Runs what was declared; how many findings there are."""
    found = 0
    for name, function in ATTACKS:
        if only and not any(word in name for word in only):
            continue
        probe, began = Probe(name), time.monotonic()
        try:
            function(town, probe)
        except Skipped as reason:
            print(f"skip  {name}: {reason}", flush=True)
            continue
        except Exception:  # noqa: BLE001 - an attack that cannot be made to the end proves nothing
            probe.find("the attack broke off:\n" + traceback.format_exc())
        took = time.monotonic() - began
        if not probe.controls:
            probe.find("control: the attack has none")
        word = "FOUND" if probe.findings else "ok   "
        print(f"{word} {name}: {probe.tries} tries, {probe.controls} controls, {took:.1f} s", flush=True)
        for text in probe.notes:
            print(f"      note: {text}", flush=True)
        tell(probe.findings, limit)
        found += len(probe.findings)
    return found


def tell(findings, limit):
    for what, answer in findings[:limit]:
        print(f"      - {what}")
        if answer is not None:
            web, *request = answer.request
            print(f"        {web.curl(*request)}")
            print(f"        -> {answer.brief()}", flush=True)
    if len(findings) > limit:
        print(f"      … and {len(findings) - limit} more like these (--all shows them)", flush=True)
