"""`equina show`, `stories`, `prove` and `--help`: what they print, and how they end."""

import os
import sys
from pathlib import Path

import pytest

from command import ENVIRONMENT, PATIENCE, TINY, readable, run, start
from equina import Case, __version__, assess
from equina.cards import cards, every_id
from equina.cli import main
from equina.model import DISPOSITIONS
from equina.prose import as_text
from equina.protocol import SHIPPED, load
from equina.result import result

COMMANDS = ("ask", "handover", "triage", "show", "stories", "prove")


@pytest.fixture(scope="module", params=[TINY, SHIPPED], ids=["tiny", "shipped"])
def folder(request):
    return request.param


@pytest.fixture(scope="module")
def protocol(folder):
    return load(folder)


@pytest.fixture
def call(capsys):
    """Run the command in this process: its exit code, its output and what it said."""

    def run_here(*arguments):
        try:
            code = main([*map(str, arguments)])
        except SystemExit as end:
            code = end.code
        output, said = capsys.readouterr()
        return code, output, said

    return run_here


# --- show ----------------------------------------------------------------------------------------------------------------------


def test_every_id_has_its_card(call, folder, protocol):
    ids = list(every_id(protocol))
    code, output, said = call("show", "--protocol", folder, *ids)
    assert (code, said) == (0, "")
    titles = [line.split(": ", 1)[1] for line in output.splitlines() if line and not line.startswith(" ") and ": " in line]
    assert set(ids) <= set(titles)
    assert output.count("\n\n") >= len(ids) - 1, "an empty line between two cards"


def test_a_card_is_for_a_terminal(protocol):
    """Labels apart, which are one line each, nothing is wider than the terminal unless it is one long word, such as an address."""
    for name in every_id(protocol):
        for card in cards(protocol, name):
            for line in card.splitlines():
                assert line == line.rstrip()
                assert "None" not in line.split(), f"{name}: {line}"
                if line.startswith("  ") and not line.startswith("  - "):
                    assert len(line) <= 80 or len(line.split()) <= 2, f"{name}: {line}"


def test_an_address_is_printed_whole(protocol):
    for source in protocol.sources.values():
        [card] = cards(protocol, source.id)
        for part in (source.doi, source.pmid, source.url):
            assert part is None or part in card, f"{source.id}: {part} is broken in two"


def test_a_rule_shows_what_it_rests_on(protocol):
    for rule in protocol.rules.values():
        [card] = [card for card in cards(protocol, rule.id) if card.startswith("Rule: ")]
        words = " ".join(card.split())
        assert f"level {rule.disposition}" in words
        for text in (rule.because, rule.timing, rule.pathway):
            assert " ".join(text.split()) in words
        for source in rule.sources:
            assert f"source {source}: " in words


def test_a_name_of_two_things_shows_both(protocol):
    for name in protocol.findings.keys() & protocol.causes.keys():
        assert [card.split(":")[0] for card in cards(protocol, name)] == ["Finding", "Cause"]


def test_a_kind_of_a_cause_has_a_card_of_its_own(protocol):
    for cause in protocol.causes.values():
        for kind in cause.kinds:
            assert any(kind.label in card for card in cards(protocol, kind.id))


def test_an_unknown_id_names_the_nearest_and_harms_no_other(call, folder):
    code, output, said = call("show", "--protocol", folder, "urinary_retension", "back_pain")
    assert code == 2
    assert said == 'equina: "urinary_retension" is no id of the protocol; did you mean "urinary_retention"?\n'
    assert "Finding: back_pain" in output


def test_an_id_like_nothing_is_said_to_be_so(call, folder):
    assert call("show", "--protocol", folder, "zzzzzz") == (
        2,
        "",
        'equina: "zzzzzz" is no id of the protocol; nothing known is like it\n',
    )


def test_show_without_an_id_lists_them_all(call):
    code, output, _ = call("show", "--protocol", TINY)
    assert code == 0
    listed = {line.split()[0] for line in output.splitlines() if line.startswith("  ")}
    tiny = load(TINY)
    assert tiny.rules.keys() | tiny.findings.keys() | tiny.causes.keys() | tiny.sources.keys() <= listed


def test_show_of_a_word_lists_what_has_it(call):
    code, output, said = call("show", "saddle")
    assert (code, output) == (2, "")
    assert "saddle_anesthesia" in said
    assert "saddle_numbness" in said


def test_without_a_command_the_help_is_shown(call):
    code, output, said = call()
    assert (code, output) == (2, "")
    assert "triage" in said
    assert "show" in said


# --- stories -------------------------------------------------------------------------------------------------------------------


def test_each_story_gets_the_advice_it_expects(call, folder, protocol):
    code, output, said = call("stories", "--protocol", folder)
    assert (code, said) == (0, "")
    rows = [line.split() for line in output.split("\n\n")[0].splitlines()]
    assert [(row[0], row[1]) for row in rows] == [(story.expected, story.id) for story in protocol.stories.values()]


def test_each_story_is_told_in_full(call, folder, protocol):
    for story in protocol.stories.values():
        code, output, _ = call("stories", "--protocol", folder, "--full", story.id)
        words = " ".join(output.split())
        assert code == 0
        for text in (story.title, story.story, story.lesson, protocol.notice):
            assert " ".join(text.split()) in words
        assert protocol.disposition_words[story.expected].upper() in words
        assert words.index("Why") < words.index("What to say")


def test_the_first_story_is_told_unless_another_is_named(call, folder, protocol):
    first = next(iter(protocol.stories))
    assert call("stories", "--protocol", folder) == call("stories", "--protocol", folder, "--full", first)


def test_an_emergency_speaks_of_nothing_else_that_could_be_done_first(call, folder, protocol):
    for story in protocol.stories.values():
        _, output, _ = call("stories", "--protocol", folder, "--full", story.id)
        assert ("Get emergency care at once if" in output) == (story.expected != "emergency" and bool(protocol.watch_for))


def test_an_unknown_story_names_the_nearest(call):
    code, output, said = call("stories", "--protocol", TINY, "--full", "liftng")
    assert (code, output) == (2, "")
    assert said == 'equina: "liftng" is no story; did you mean "lifting"?\n'


# --- every command -------------------------------------------------------------------------------------------------------------


def test_help_lists_every_command_and_says_what_this_is_not(call):
    code, output, said = call("--help")
    assert (code, said) == (0, "")
    for command in COMMANDS:
        assert command in output
    words = " ".join(output.split())
    assert "Not a medical device" in words
    assert "no clinician has reviewed" in words


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_help(call, command):
    code, output, said = call(command, "--help")
    assert (code, said) == (0, "")
    assert f"usage: equina {command}" in output
    assert "--protocol DIR" in output


def test_help_loads_no_protocol_and_no_engine():
    loaded = "sorted(name for name in sys.modules if name.startswith('equina'))"
    code, output, _ = run(
        "-c", f"import sys, equina.cli\ntry: equina.cli.main(['--help'])\nfinally: print({loaded})", before=[sys.executable]
    )
    assert code == 0
    loaded = output.decode().splitlines()[-1]
    assert [name for name in ("model", "protocol", "triage", "exchange", "notes") if f"'equina.{name}" in loaded] == []


def test_the_version_is_that_of_the_package(call):
    assert call("--version") == (0, f"equina {__version__}\n", "")


@pytest.mark.parametrize("arguments", [[], ["triag"], ["show", "--protocl", "x", "y"], ["stories", "more"], ["--nothing"]])
def test_a_wrong_call_is_bad_input_and_shows_the_usage(call, arguments):
    code, output, said = call(*arguments)
    assert (code, output) == (2, "")
    assert "usage: equina" in said


@pytest.mark.parametrize("arguments", [["show", "back_pain"], ["stories"], ["prove"], ["triage"]])
def test_a_protocol_with_faults_is_bad_input_for_every_command(call, arguments, tmp_path):
    code, output, said = call(*arguments, "--protocol", tmp_path / "none")
    assert (code, output) == (2, "")
    assert said.startswith("equina: the protocol has 1 fault:\n")
    assert "no such folder" in said


def test_each_level_has_a_word_on_the_card_of_a_rule(call):
    for level in DISPOSITIONS[1:]:
        ids = [rule.id for rule in load(TINY).rules.values() if rule.disposition == level]
        assert f"level       {level}" in call("show", "--protocol", TINY, *ids)[1]


def test_proofs_say_what_to_install_when_the_solver_is_missing(call, monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("z3", "equina.proof"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "z3", None)
    code, output, said = call("prove", "--protocol", TINY)
    assert (code, output) == (2, "")
    assert "pip install '.[proofs]'" in said


# --- how they end --------------------------------------------------------------------------------------------------------------

PRINTING = [
    ("stories", "--protocol", TINY),
    ("show", "--protocol", TINY, "back_pain"),
    ("--help",),
    ("stories", "--help"),
    ("--version",),
]


@pytest.mark.parametrize("arguments", PRINTING, ids=lambda arguments: " ".join(map(str, arguments)).replace(str(TINY), "DIR"))
def test_a_closed_pipe_ends_without_a_python_error(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    with start(*arguments, stdin=None, stdout=writer) as child:
        os.close(writer)
        readable(child.stderr.read())
        assert child.wait(PATIENCE) in (0, 141)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("arguments", PRINTING[:2], ids=["stories", "show"])
def test_a_full_disk_is_no_success(arguments):
    with Path("/dev/full").open("wb") as full:
        code, _, said = run(*arguments, stdout=full)
    assert code not in (0, 120)
    assert "no space left on device" in said.lower()


@pytest.mark.parametrize(
    "arguments", [("stories",), ("show", "back_pain", "saddle_anesthesia", "pvr_ml", "article")], ids=["stories", "show"]
)
def test_the_words_of_the_protocol_are_printed_in_every_locale(arguments):
    code, output, _ = run(*arguments, env={**ENVIRONMENT, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert code == 0
    assert output


def test_an_emergency_leaves_out_no_instruction_of_its_rules():
    protocol = load()
    values = {"urinary_retention": True, "syncope": True, "spinal_cord_injury": True, "headache": True}
    case = Case(values=values)
    told = as_text(result(protocol, case, assess(protocol, case)))
    assert protocol.rules["dysreflexia"].timing in told  # "Sit up. ... Call an ambulance." says the plain call as well
    assert protocol.rules["cannot_pass_urine"].timing not in told, "who is to call an ambulance is not told to go there"
    assert protocol.care["until_the_ambulance"].words.split(". ")[0] in told
    assert protocol.care["on_the_way"].words.split(". ")[0] not in told
