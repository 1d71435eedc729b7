#!/usr/bin/env python3
"""Score `equina triage` on a file of vignettes (standard library only).

    score.py CASES.jsonl [--command "equina triage"] [--mode patient|clinical|findings|all] [--list] [--json]

Each case goes through the command as one JSON line; `low` of the answer is compared with the truth. The advice of the same case, told
to be complete, is looked at too (advice_under): it may be more careful than the truth, never less.
  emergency   share of true emergencies answered `emergency` (strict: one level too low is a miss)
  under       share of cases answered below every acceptable level
  over        share of non-emergencies answered above every acceptable level
  exact / ok  share equal to the expected level / within the acceptable levels
  cause       share whose first expected cause group is among the first three given; cause1: is the first
  kind        share of cases with a leak whose types are named exactly; kind_false: share of the others given any
  advice_under  share of cases whose advice, once the case is complete, is below every acceptable level (or missing)
  advice_over   share of non-emergencies whose advice, once complete, is above every acceptable level (unknown flags raise it: for scale)
Shares come with 95 % Wilson intervals. --list names every case that is not ok.
"""

import argparse, json, math, shlex, subprocess, sys
from collections import defaultdict

ORDER = ["self_care", "scheduled", "urgent", "emergency"]


def wilson(k, n):
    if not n:
        return (0.0, 1.0)
    z, p = 1.96, k / n
    mid, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (max(0.0, (mid - half) / (1 + z * z / n)), min(1.0, (mid + half) / (1 + z * z / n)))


def request(case, mode, complete=False):
    line = {"id": case["id"], "age": case["age"], "sex": case["sex"], "complete": complete}
    if mode == "findings":
        line["findings"] = (
            {f: True for f in case["findings_present"]}
            | {f: False for f in case["findings_absent"]}
            | {f: "long_standing" for f in case["findings_long_standing"]}
        )
    else:
        line["text"] = case["narrative_" + mode]
    return line


def run(command, lines):
    done = subprocess.run(shlex.split(command), input="".join(json.dumps(x) + "\n" for x in lines), capture_output=True, text=True)
    answers = {}
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        answers[answer.get("id")] = answer
    if done.returncode or not answers:
        print("%r ended with %d: %s" % (command, done.returncode, done.stderr.strip()[-500:]), file=sys.stderr)
    if not answers:
        sys.exit(2)
    return answers


def score(cases, answers, complete):
    tally, wrong = defaultdict(lambda: [0, 0]), []

    def count(name, hit):
        tally[name][0] += bool(hit)
        tally[name][1] += 1

    for case in cases:
        answer = answers.get(case["id"], {})
        given = answer.get("low")
        count("answered", given in ORDER)
        level = ORDER.index(given) if given in ORDER else -1
        allowed = [ORDER.index(x) for x in case["acceptable_dispositions"]]
        if case["expected_disposition"] == "emergency":
            count("emergency", given == "emergency")
        else:
            count("over", level > max(allowed))
        count("under", level < min(allowed))
        count("exact", given == case["expected_disposition"])
        count("ok", given in case["acceptable_dispositions"])
        causes = [c["id"] for c in answer.get("causes", [])][:3]
        if case["expected_causes"] and case["expected_causes"][0] not in ("other", "other_emergency"):
            count("cause", case["expected_causes"][0] in causes)
            count("cause1", case["expected_causes"][:1] == causes[:1])
        kinds = {c["id"] for c in answer.get("continence", [])}
        kinds = (kinds - {"mixed"}) | ({"stress", "urge"} if "mixed" in kinds else set())
        wanted = set(case["incontinence_type"])
        if not wanted:
            count("kind_false", bool(kinds))
        elif "unclassified" not in wanted:
            count("kind", wanted == kinds)
        advice = complete.get(case["id"], {}).get("disposition")
        advice = ORDER.index(advice) if advice in ORDER else -1
        count("advice_under", advice < min(allowed))
        if case["expected_disposition"] != "emergency":
            count("advice_over", advice > max(allowed))
        if given not in case["acceptable_dispositions"]:
            wrong.append((case["id"], case["expected_disposition"], given or answer.get("error", "no answer"), case["tags"]))
    return tally, wrong


def main():
    args = argparse.ArgumentParser()
    args.add_argument("cases")
    args.add_argument("--command", default="equina triage")
    args.add_argument("--mode", default="all", choices=["patient", "clinical", "findings", "all"])
    args.add_argument("--list", action="store_true")
    args.add_argument("--json", action="store_true")
    args = args.parse_args()
    cases = [json.loads(line) for line in open(args.cases, encoding="utf-8") if line.strip()]
    result = {}
    for mode in ["patient", "clinical", "findings"] if args.mode == "all" else [args.mode]:
        tally, wrong = score(
            cases, run(args.command, [request(c, mode) for c in cases]), run(args.command, [request(c, mode, True) for c in cases])
        )
        result[mode] = {
            name: {"share": k / n if n else None, "k": k, "n": n, "ci95": wilson(k, n)} for name, (k, n) in tally.items()
        }
        if not args.json:
            print(mode)
            for name, row in result[mode].items():
                low, high = row["ci95"]
                print(
                    "  %-12s %6.1f %%  (%d/%d, %.1f-%.1f)" % (name, 100 * row["share"], row["k"], row["n"], 100 * low, 100 * high)
                )
            if args.list:
                for item in wrong:
                    print("   ", *item)
    if args.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
