"""Plan the interview: try other orders of its topics and findings on simulated patients, and print what is better.

    python bench/plan.py [TRIES] [SEED]

It changes no file: a person reads the order it prints, and writes it into interview.toml if it also reads well.
"""

import random
import statistics
import sys
from dataclasses import replace
from types import MappingProxyType

from equina import load
from equina.evaluation.interviews import drawn, interview, sparse

PATIENTS, HARDEST = 120, 40
MOVED = ("pain", "risks", "danger", "other", "bladder", "feeling", "background")


def cost(protocol, patients):
    """Mean steps: an emergency's count twice, since there each step is time; then how often a calm interview is over 12 steps."""
    runs = [interview(protocol, patient) for patient in patients]
    grave = [run.steps for run in runs if run.emergency]
    calm = [run.steps for run in runs if not run.emergency]
    return 2 * statistics.mean(grave) + statistics.mean(calm), statistics.median(grave), statistics.median(calm)


def with_topics(protocol, topics):
    topics = MappingProxyType({topic.id: topic for topic in topics})
    return type(protocol)(**{name: getattr(protocol, name) for name in protocol.__slots__} | {"topics": topics})


def changed(topics, chance):
    """The topics with one change: two lists swapped, or one finding moved to another list or place."""
    topics = list(topics)
    movable = [i for i, topic in enumerate(topics) if topic.id in MOVED]
    if chance.random() < 0.3:
        i, j = chance.sample(movable, 2)
        topics[i], topics[j] = topics[j], topics[i]
        return topics
    i, j = chance.choice(movable), chance.choice(movable)
    findings = list(topics[i].findings)
    moved = findings.pop(chance.randrange(len(findings)))
    topics[i] = replace(topics[i], findings=tuple(findings))
    there = list(topics[j].findings)
    there.insert(chance.randrange(len(there) + 1), moved)
    topics[j] = replace(topics[j], findings=tuple(there))
    return topics


def main(tries=60, seed=0):
    protocol, chance = load(), random.Random(seed)
    patients = [*drawn(protocol, PATIENTS, seed), *sparse(protocol, HARDEST, seed)]
    topics, best = list(protocol.topics.values()), cost(protocol, patients)
    print(f"now: cost {best[0]:.3f}, median steps to an emergency {best[1]}, of a calm interview {best[2]}")
    for _ in range(tries):
        other = changed(topics, chance)
        found = cost(with_topics(protocol, other), patients)
        if found[0] < best[0]:
            topics, best = other, found
            print(f"better: cost {best[0]:.3f}, emergency {best[1]}, calm {best[2]}", flush=True)
    for topic in topics:
        if topic.id in MOVED:
            print(f"[topics.{topic.id}]\n  {' '.join(topic.findings)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
