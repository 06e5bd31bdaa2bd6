#!/usr/bin/env python3
"""Holds our verdicts on generated streams against those of the judges.

    ./check_streams.py [--all-rules] [--again] [--list] CASES OURS JUDGE...      files: cases, our verdicts, the judges'

Every divergence has to be explained by a rule of `stream-divergences.txt`: else it is printed, and this fails.
`--all-rules`: it also fails on a rule that explains nothing, for which `stream-examples.txt` is needed. `--again`: a real
xterm is asked once more, in a process of its own, what no rule explains. `--list` counts what each rule explains.
"""

import fnmatch
import json
import os
import re
import sys

import realxterm
import streams
from compare import load
from looks import differing

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stream-divergences.txt")
RULE = re.compile(r"(\S+) (\S+) (\S+) /(.*)/: ((?:ours|xterm|choice)\. .*)")
# What a judge is asked, where it does not have all families: it lacks most of the others' sequences.
FAMILIES = {"xterm": ("wrap", "edit", "erase", "rows", "reflow")}


class Rule:
    """One line of the rules."""

    def __init__(self, number, line):
        found = RULE.fullmatch(line)
        if not found:
            raise SystemExit(f"stream-divergences.txt:{number}: not a rule")
        judges, families, what, pattern, self.reason = found.groups()
        self.number, self.used = number, 0
        self.judges, self.families, self.what = judges.split(","), families.split(","), what.split(",")
        self.pattern = re.compile(pattern)

    def explains(self, judge, name, text, what):
        family = name.split("-")[0]
        return (
            judge in self.judges
            and (what in self.what or self.what == ["any"] or (what == "edge" and "lines" in self.what))
            and any(fnmatch.fnmatch(family, pattern) for pattern in self.families)
            and self.pattern.search(text) is not None
        )


def load_rules():
    with open(RULES) as file:
        lines = enumerate(file.read().split("\n"), 1)
        return [Rule(number, line) for number, line in lines if line and not line.startswith("#")]


def escaped(output):
    return output.decode("latin1").encode("unicode_escape").decode().replace("\\x1b", "\\e")


def described(parts):
    return " | ".join(f"{size} {escaped(output)}" for size, output in parts)


def differences(ours, judge):
    """What differs: `cursor`, `lines`, `looks` and others. The scrollback is left to the recordings, but where lines are
    wrapped anew: which of them are on the screen is a choice then."""
    if judge["name"].startswith("reflow-"):
        return ["lines"] if all_lines(ours) != all_lines(judge) else []
    fields, rows = differing(ours, judge)
    return fields + [what for what, numbers in rows.items() if numbers]


def all_lines(verdict):
    lines = verdict["scrollback"] + verdict["lines"]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def is_judged(judge, name):
    return name.split("-")[0] in FAMILIES.get(judge, [name.split("-")[0]])


def unexplained(rules, cases, ours, verdicts):
    """The divergences from one judge that no rule explains."""
    for name, verdict in verdicts.items():
        judge = verdict["judge"]
        if not is_judged(judge, name):
            continue
        text, open_ones = described(cases[name]), []
        for what in differences(ours[name], verdict):
            fitting = [rule for rule in rules if rule.explains(judge, name, text, what)]
            for rule in fitting:
                rule.used += 1
            if not fitting:
                open_ones.append(what)
        if open_ones:
            yield name, judge, open_ones


def asked_again(cases, names):
    lines = [line for name in names for line in realxterm.judge([(name, cases[name])], True)]
    return {verdict["name"]: verdict for verdict in map(json.loads, lines)}


def main(arguments):
    path, ours, *judges = [argument for argument in arguments if not argument.startswith("--")]
    cases, ours, rules = dict(streams.load(path)), load(ours), load_rules()
    failed, counts = False, []
    for verdicts in map(load, judges):
        judged = [verdict["judge"] for name, verdict in verdicts.items() if is_judged(verdict["judge"], name)]
        counts += [f"{len(judged)} by {judged[0]}"] if judged else []
        found = list(unexplained(rules, cases, ours, verdicts))
        if found and found[0][1] == "real" and "--again" in arguments:
            found = list(unexplained(rules, cases, ours, asked_again(cases, [name for name, _, _ in found])))
        for name, judge, what in found:
            print(f"a divergence that no rule explains: {name} {judge} {','.join(what)}: {described(cases[name])}")
            failed = True
    if "--list" in arguments:
        for rule in rules:
            print(f"{rule.used:6} stream-divergences.txt:{rule.number} {rule.pattern.pattern} {rule.reason}")
    for rule in rules:
        if "--all-rules" in arguments and not rule.used:
            print(f"stream-divergences.txt:{rule.number}: explains nothing any more: {rule.reason}")
            failed = True
    print(f"streams: {len(cases)} cases, judged {', '.join(counts)}; {len(rules)} rules")
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
