"""`equina evaluate` from outside: figures, reports, exit codes, other commands and how badly they may answer."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from command import COMMAND, run
from equina.evaluation.command import Options, evaluate
from equina.evaluation.options import MODES as CHOICES
from equina.evaluation.outside import Command
from equina.evaluation.page import page
from equina.evaluation.report import WORDS, document
from equina.evaluation.systems import BadSystem
from equina.evaluation.vignettes import MODES
from equina.reports.plots import Dot, share_plot
from strategies import PROTOCOL

LINES = (
    {
        "id": "a",
        "findings_present": ["back_pain", "urinary_retention"],
        "narrative_patient": "My back hurts and I can't pee since this morning. I feel numb <there>.",
        "expected_disposition": "emergency",
        "tags": ["denial"],
    },
    {"id": "b", "findings_present": ["stress_leak"], "findings_absent": ["fever"], "expected_disposition": "scheduled"},
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")
    return path


def test_the_shipped_vignettes_meet_the_bar_with_no_file_named():
    code, out, said = run("evaluate", "--mode", "findings")
    assert (code, said) == (0, "")
    text = out.decode()
    assert "vignettes from first.jsonl, second.jsonl, stories.toml" in text
    assert re.search(r"Emergencies found +100\.0 %", text)
    assert "The bar was met: at least 100.0 % of the true emergencies" in text.splitlines()[-1]


def test_a_missed_emergency_is_named_and_fails_unless_the_bar_allows_it(tmp_path):
    path = tmp_path / "missed.jsonl"
    path.write_text('{"id": "x", "findings": {"back_pain": "long_standing"}, "expected_disposition": "emergency"}')
    code, out, _ = run("evaluate", path)
    assert code == 1
    assert f"x ({path}, line 1): emergency, given" in out.decode()
    assert "0 of 1 true emergencies were answered as one; the bar is 100.0 %" in out.decode()
    assert run("evaluate", path, "--bar", "0")[0] == 0


def test_the_same_seed_gives_the_same_report(file, tmp_path):
    arguments = ("evaluate", file, "--attacks", "2", "--emergencies", "57", "--seed", "5", "--json", "-")
    first, second = run(*arguments), run(*arguments)
    assert first[0] == 0
    assert first[:2] == second[:2]
    told = json.loads(first[1])
    assert told["emergencies"]["missed"] == 0
    assert {row["mode"] for row in told["attacks"]} == {"findings", "patient"}
    assert told["modes"]["findings"]["shares"]["emergency"]["hits"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("none.jsonl",), "none.jsonl: no such file or directory; give a file that can be read"),
        (("FILE", "--mode", "clinical"), "no vignette says anything in the mode clinical"),
        (("FILE", "--bar", "2"), '"2" is no share'),
        (("FILE", "--emergencies", "many"), '"many" is no count'),
        (("FILE", "--timeout", "0"), '"0" is no time'),
        (("FILE", "--command", "no-such-tool triage"), '"no-such-tool triage": it cannot be run: no such file or directory'),
        (("FILE", "--command", "'"), "it is no command line"),
        (("FILE", "--command", ""), "it names no command"),
        (
            ("FILE", "--html", "no/such/folder.html"),
            "no/such/folder.html: no such file or directory; give a file that can be written",
        ),
    ],
)
def test_bad_input_is_told_with_its_mend(file, arguments, told):
    code, out, said = run("evaluate", *(str(file) if word == "FILE" else word for word in arguments))
    assert (code, out) == (2, b"")
    assert told in said


def test_the_options_offer_every_mode():
    assert set(CHOICES) == {*MODES, "all"}


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_long_work_shows_how_far_it_is(file, monkeypatch):
    moments = iter(range(0, 10_000, 3))
    monkeypatch.setattr("equina.evaluation.command.time.monotonic", lambda: next(moments))
    screen, log = Screen(), io.StringIO()
    evaluate(PROTOCOL, Options(files=(file,), mode="findings"), screen)
    evaluate(PROTOCOL, Options(files=(file,), mode="findings"), log)
    assert screen.getvalue().startswith("equina: findings: 1 of 4\requina: findings: 2 of 4\r")
    assert screen.getvalue().endswith("equina: findings: 4 of 4\n")
    assert log.getvalue().endswith("equina: findings: 4 of 4\n")
    assert 0 < log.getvalue().count("\n") < 4


# --- another command -----------------------------------------------------------------------------------------------------------


def python(code):
    """A command that runs the code for each line of its input, as `case`."""
    loop = (
        f"import json, sys, time\nfor n, line in enumerate(sys.stdin, 1):\n case = json.loads(line)\n {code}\n sys.stdout.flush()"
    )
    return shlex.join([sys.executable, "-c", loop])


REQUESTS = [{"id": "a"}, {"id": "b"}, {"id": "c"}]


def test_our_own_command_scores_as_the_engine_does(file):
    theirs = evaluate(PROTOCOL, Options(files=(file,), system=Command(shlex.join([*COMMAND, "triage"]))))
    ours = evaluate(PROTOCOL, Options(files=(file,)))
    assert [scores.outcomes for scores in theirs.scores] == [scores.outcomes for scores in ours.scores]


def test_another_tool_needs_no_more_than_a_level(file):
    tool = python("print(json.dumps({'id': case['id'], 'disposition': 'urgent'}))")
    code, out, _ = run("evaluate", file, "--command", tool, "--mode", "findings")
    assert code == 1
    assert re.search(r"Emergencies found +0\.0 %  \(0/1", out.decode())
    assert re.search(r"At most one level too low +100\.0 %", out.decode())


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("pass", "it gave no answer for 3 of 3 cases, such as a, b, c; it ended with exit code 0"),
        ("sys.exit('out of order')", 'it ended with exit code 1 and said: "out of order"'),
        ("print('hello')", "its answer 1 is not JSON: 'hello'"),
        ("print('{}')", "its answer 1 has no id"),
        ("print(json.dumps({'id': 'a', 'low': 'urgent'}))", 'its answer 2 answers "a" a second time'),
        ("print(json.dumps({'id': 'zzz', 'low': 'urgent'}))", 'its answer 1 has the id "zzz", which was not asked'),
        ("print(json.dumps({'id': case['id'], 'low': 'now'}))", 'its answer 1 (a): low is "now"; give one of'),
        ("print('x' * 5_000_000)", "its answer 1 is longer than 4 MiB"),
        ("n < 2 and print(json.dumps({'id': case['id'], 'low': 'urgent'}))", "no answer for 2 of 3 cases, such as b, c"),
    ],
)
def test_a_command_that_answers_badly_is_told(code, told):
    with pytest.raises(BadSystem) as caught:
        Command(python(code)).answers(REQUESTS, lambda _: None)
    assert told in str(caught.value)


def test_a_command_that_hangs_is_stopped():
    slow = python("print(json.dumps({'id': case['id'], 'low': 'urgent'}), flush=True); time.sleep(60)")
    with pytest.raises(BadSystem, match="it gave no further answer for 2 seconds, after 1; allow more with --timeout"):
        Command(slow, 2).answers(REQUESTS, lambda _: None)
    closed = shlex.join([sys.executable, "-c", "import os, time; os.close(1); time.sleep(60)"])
    with pytest.raises(BadSystem, match="it closed its output and did not end within 2 seconds"):
        Command(closed, 2).answers(REQUESTS, lambda _: None)


def test_an_answer_with_an_error_counts_as_none_and_order_does_not_matter():
    backwards = (
        "import json, sys\n"
        "for line in reversed(list(sys.stdin)):\n"
        " id = json.loads(line)['id']\n"
        " print(json.dumps({'id': id, 'error': 'no'} if id == 'b' else {'id': id, 'low': 'urgent'}))\n"
        "sys.exit(2)"
    )
    tool = shlex.join([sys.executable, "-c", backwards])
    told = []
    answers = Command(tool).answers(REQUESTS, told.append)
    assert told == [1, 2, 3]
    assert [answers[id].level for id in "abc"] == ["urgent", None, "urgent"]
    assert answers["b"].error == "no"


# --- the reports ---------------------------------------------------------------------------------------------------------------


class Parts(HTMLParser):
    """The start tags of a page, and whether each is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "line", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    path = tmp_path_factory.mktemp("evaluate") / "a <b>.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")
    return evaluate(PROTOCOL, Options(files=(path,), attacks=1, emergencies=57))


def test_the_page_is_whole_and_fetches_nothing(evaluation):
    text = page(evaluation)
    parts = Parts(text)
    assert parts.open == []
    assert not {tag for tag, _ in parts.tags} & {"script", "img", "link", "iframe", "object"}
    assert not any(key in ("src", "href", "srcset") for _, attrs in parts.tags for key in attrs)
    assert "url(" not in text
    assert "default-src 'none'" in text
    assert "<b>" not in text
    ids = [attrs["id"] for _, attrs in parts.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert "prefers-color-scheme: dark" in text


def test_each_plot_has_a_title_a_description_and_a_table_beside_it(evaluation):
    text = page(evaluation)
    plots = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(plots) > 8
    for plot in plots:
        svg = ET.fromstring(plot)
        title, about = svg[0], svg[1]
        assert (title.tag, about.tag) == ("title", "desc")
        assert svg.get("aria-labelledby") == f"{title.get('id')} {about.get('id')}"
    assert len(re.findall(r"</svg></div>\s*<div class=\"wide\"[^>]*><table>", text)) == len(plots)


def test_a_plot_keeps_to_its_scale():
    svg = ET.fromstring(share_plot("p", "A & B", "about", [Dot("x <y>", 0.5, (0.0, 1.0), told="50 %"), Dot("z", None, None)]))
    xs = [float(part.get("cx")) for part in svg.iter("circle")]
    assert xs == [360.0]
    assert all(12 <= float(part.get("x1")) <= float(part.get("x2")) <= 708 for part in svg.iter("line"))


def test_the_json_report_names_each_measure_and_every_word_is_used(evaluation):
    told = document(evaluation)
    assert json.loads(json.dumps(told))["held"] is True
    ids = {measure["id"] for measure in told["measures"]}
    assert ids == set(WORDS["measures"]) == set(told["modes"]["findings"]["shares"])
    assert {row["attack"] for row in told["attacks"]} <= set(WORDS["attack_names"])
    assert told["published"]["figures"]
    assert told["published"]["caveat"]
