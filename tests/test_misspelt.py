"""A slip of the finger is told with what was meant, before anything is loaded; every command says an example that it takes."""

import shlex
import sys

import pytest

from command import run
from equina.arguments import EXAMPLES, parser
from equina.cli import RUNS
from equina.misspelt import parsed

CALLS = {
    "stroies": '"stroies" is no command; did you mean "stories"?',
    "traige": '"traige" is no command; did you mean "triage"?',
    "frobnicate": '"frobnicate" is no command; the commands are ask, ',
    "read --shwo": "equina read: unrecognized arguments: --shwo; did you mean --show?",
    "read --shwo --plian": "did you mean --show --plain?",
    "worklist here --lvel=urgent": "unrecognized arguments: --lvel=urgent; did you mean --level?",
    "--verison": "equina: unrecognized arguments: --verison; did you mean --version?",
    "paper chekclist --out card.pdf": 'did you mean "checklist"?',
    "evaluate --mode pateint": 'did you mean "patient"?',
    "triage case.jsonl": "case.jsonl: no such file or directory; did you mean cases.jsonl?",
    "read sub/note.txt": "sub/note.txt: no such file or directory; did you mean sub/notes.txt?",
    "handover csaes.jsonl": "did you mean cases.jsonl?",
    "ask --resume csaes.jsonl": "did you mean cases.jsonl?",
    "evaluate cases.jsonl csaes.jsonl": "csaes.jsonl: no such file or directory; did you mean cases.jsonl?",
    "screen csaes.jsonl --out run": "did you mean cases.jsonl?",
    "worklist subb": "subb: no such file or directory; did you mean sub?",
    "diff sub subb": "subb: no such file or directory; did you mean sub?",
    "triage cases.jsonl --protocol subb": "did you mean sub?",
    "triage nothing.csv": "nothing.csv: no such file or directory; give a file that can be read",
    "worklist elsewhere": "elsewhere: no such folder; give the one that `equina screen --out` wrote",
}


@pytest.mark.parametrize("call", CALLS)
def test_a_slip_is_told_with_what_was_meant(call, tmp_path):
    (tmp_path / "cases.jsonl").write_text("{}\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/notes.txt").write_text("fever")
    code, output, said = run(*shlex.split(call), cwd=tmp_path)
    assert (code, output) == (2, b"")
    assert CALLS[call] in said


def test_a_misspelt_file_is_told_before_anything_is_loaded(tmp_path):
    loaded = "sorted(name for name in sys.modules if name.startswith(('equina', 'pyarrow', 'numpy')))"
    call = f"import sys, equina.cli\nequina.cli.main(['screen', 'none.ndjson', '--out', 'run'])\nprint({loaded})"
    _, output, said = run("-c", call, before=[sys.executable], cwd=tmp_path)
    assert "none.ndjson: no such file or folder" in said
    assert b"equina.misspelt" in output
    assert [name for name in (b"'pyarrow'", b"'equina.protocol'", b"'equina.model'") if name in output] == []


def test_a_name_that_is_like_nothing_is_not_guessed(tmp_path):
    (tmp_path / "letters.txt").write_text("x")
    assert "did you mean" not in run("read", "z.csv", cwd=tmp_path)[2]


@pytest.mark.parametrize("command", RUNS)
def test_each_command_says_an_example_that_it_takes(command, call_help):
    example = EXAMPLES[command]
    assert example in call_help(command)
    options = parsed(parser(RUNS), shlex.split(example.rpartition("| ")[2])[1:])
    assert options.run is RUNS[command]


@pytest.fixture
def call_help(capsys):
    def call(command):
        with pytest.raises(SystemExit):
            parser(RUNS).parse_args([command, "--help"])
        return capsys.readouterr().out

    return call
