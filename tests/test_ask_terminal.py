"""`equina ask` in a real pseudo-terminal, from the first question to the last word, with a person who answers what is asked."""

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from equina import Case, assess, load
from equina.ask.session import Session, is_emergency, known, next_prompt
from equina.evaluation.interviews import whole
from equina.wording import wording
from terminal import CTRL_C, CTRL_D, Window, answer, flat

PROTOCOL = load()
WORDS = wording("ask")
LEVELS = PROTOCOL.disposition_words
EMERGENCY = LEVELS["emergency"].upper()
CANNOT_PEE = {"back_pain": True, "urinary_retention": True}
NOW = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)


def go_on(window, truth, session=None, *, carer=False, steps=200):
    """Answer what is asked until nothing is, or for so many prompts; the session as it ought to be by then."""
    session = session or Session(start=Case(as_of=NOW))
    shown = window.seen
    for _ in range(steps):
        prompt = next_prompt(PROTOCOL, session)
        if prompt is None:
            return session
        for option in prompt.options:
            assert flat(option.wording) in flat(shown), "the question is the one that the pure part asks"
        typed, session = answer(PROTOCOL, session, prompt, truth, carer)
        shown = window.type(typed)
    return session


def saved(path):
    return json.loads(path.read_text())


@pytest.fixture
def window():
    opened = []

    def open_one(*arguments, **more):
        one = Window("ask", *arguments, **more)
        opened.append(one.__enter__())
        one.read()
        return one

    yield open_one
    for one in opened:
        one.__exit__()


# --- forward -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", PROTOCOL.stories.values(), ids=lambda story: story.id)
def test_a_story_ends_where_its_answers_end(window, tmp_path, story):
    file = tmp_path / "answers.json"
    one = window("--save", file)
    session = go_on(one, whole(PROTOCOL, story.findings))
    emergency = is_emergency(PROTOCOL, session)
    case = Case(values=known(PROTOCOL, session).values, complete=not emergency, as_of=NOW)
    advice = assess(PROTOCOL, case).disposition
    assert LEVELS[advice].upper() in flat(one.seen)
    assert advice == story.expected
    assert saved(file)["findings"] == case.values
    assert saved(file)["complete"] == case.complete
    one.type("1")
    if not emergency:
        while one.child.poll() is None and "HANDOVER" not in one.seen:
            one.type("")
        one.type("")
    assert "HANDOVER" in one.seen
    assert one.ended() == 0


def test_no_to_everything_ends_in_a_calm_result(window):
    one = window()
    go_on(one, {})
    assert WORDS["done"] in one.seen
    assert EMERGENCY not in flat(one.seen)
    said = one.type("")
    assert WORDS["not_stored"] in said
    assert one.ended() == 0


def test_not_sure_of_everything_is_seen_today(window):
    one = window()
    session = go_on(one, dict.fromkeys(PROTOCOL.findings))
    assert all(value is None for value in known(PROTOCOL, session).values.values())
    assert LEVELS["urgent"].upper() in flat(one.seen)


def test_someone_who_helps_is_told_who_you_is(window, tmp_path):
    file = tmp_path / "answers.json"
    one = window("--save", file)
    go_on(one, {}, carer=True, steps=2)
    assert flat(WORDS["carer"]) in flat(one.seen)
    assert saved(file)["carer"] is True


# --- an emergency --------------------------------------------------------------------------------------------------------------


def test_an_emergency_interrupts_at_once_and_says_first_what_to_do(window):
    one = window()
    session = go_on(one, CANNOT_PEE)
    assert is_emergency(PROTOCOL, session)
    after = one.seen[one.seen.rindex(WORDS["interrupt"]) :]
    assert flat(after).startswith(f"{WORDS['interrupt']} ")
    assert flat(after).index(EMERGENCY) < flat(after).index(WORDS["menu_stop"])
    assert "causes" not in after.split(WORDS["what_next"])[0].lower()
    said = one.type("")
    assert "HANDOVER" in said
    assert flat(said).rindex(EMERGENCY) > flat(said).index("HANDOVER"), "and last, once more, what to do"
    assert one.ended() == 0


def test_an_emergency_goes_on_for_the_page_only(window, tmp_path):
    file = tmp_path / "answers.json"
    one = window("--save", file)
    session = go_on(one, CANNOT_PEE)
    asked = set(known(PROTOCOL, session).values)
    one.type("2")
    assert flat(WORDS["more_intro"]) in flat(one.seen)
    session = go_on_fuller(one, replace(session, stage="fuller"))
    assert set(known(PROTOCOL, session).values) > asked
    assert "HANDOVER" in one.seen
    data = saved(file)
    assert set(data["onset"]) == {"back_pain", "urinary_retention"}
    assert data["text"] == "I can't pee"
    one.type("")
    assert one.seen.count("HANDOVER") == 1, "the page is shown once"
    assert one.ended() == 0


def go_on_fuller(one, session):
    while prompt := next_prompt(PROTOCOL, session):
        typed, session = answer(PROTOCOL, session, prompt, CANNOT_PEE)
        shown = one.type({"onset": "3 hours ago", "told": "I can't pee"}.get(prompt.kind, typed))
        if prompt.kind == "onset":
            assert "Noted: 3 hours ago" in shown
    return session


def test_an_emergency_shows_the_rest_when_asked(window):
    one = window()
    go_on(one, CANNOT_PEE)
    said = one.type("3")
    assert "sha256" in said
    assert WORDS["what_next"] in said


def test_a_mistake_is_taken_back_and_the_interview_goes_on(window, tmp_path):
    file = tmp_path / "answers.json"
    one = window("--save", file)
    go_on(one, CANNOT_PEE)
    shown = one.type("4")
    number = next(line.split(".")[0] for line in shown.splitlines() if "can't pee" in line)
    one.type(number)
    shown = one.type("no")
    assert WORDS["no_longer"] in shown
    assert saved(file)["findings"]["urinary_retention"] is False
    assert WORDS["prompt"].strip() in shown


def test_what_implies_a_denied_answer_is_taken_back_with_it(window, tmp_path):
    """An answer that can't be so beside the new one is not kept, and the person is told."""
    name, implied = next(
        (f.id, f.implies[0]) for f in PROTOCOL.findings.values() if f.implies and f.ask and PROTOCOL.findings[f.implies[0]].ask
    )
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"findings": {name: "long_standing", implied: "long_standing"}}))
    one = window("--resume", file)
    shown = one.type("c")
    say = PROTOCOL.findings[implied].say or PROTOCOL.findings[implied].ask
    numbered = [line for line in shown.splitlines() if line[:1].isdigit()]
    one.type(next(line.split(".")[0] for line in numbered if flat(say)[:30] in flat(line)))
    shown = one.type("n")
    assert WORDS["taken_back"] in shown
    assert name not in saved(file)["findings"]
    assert saved(file)["findings"][implied] is False


# --- back, help, unknown input -------------------------------------------------------------------------------------------------


def test_back_asks_the_last_question_again_across_steps(window, tmp_path):
    file = tmp_path / "answers.json"
    one = window("--save", file)
    session = go_on(one, {"syncope": "long_standing"}, steps=5)
    prompts = [given.prompt for given in session.given]
    for prompt in reversed(prompts[1:]):
        shown = one.type("b")
        assert flat(prompt.options[0].wording) in flat(shown)
    assert saved(file)["findings"] == {}
    assert WORDS["who"] in one.type("back")
    assert WORDS["nothing_before"] in one.type("b")
    go_on(one, {})
    assert WORDS["done"] in one.seen


def test_what_cannot_be_read_is_met_kindly(window):
    one = window()
    go_on(one, {}, steps=1)
    for typed in ("", "potato", "9", "1 9", "3-1", "0 1", "2 2?", "911", "\x1b[A", "ü" * 3000, "1" * 3000):
        shown = one.type(typed)
        assert "Please" in shown, typed
    one.type("0")
    for typed in ("", "potato", "0", "9", "-1", "1 2"):
        assert "Please" in one.type(typed), typed


def test_help_and_repeat_at_every_kind_of_prompt(window):
    one = window()
    session = Session(start=Case(as_of=NOW))
    truth, kinds = {"weak_stream": True, "dyspnea": "long_standing"}, set()
    while prompt := next_prompt(PROTOCOL, session):
        kind = (prompt.kind, prompt.options[0].answers[0] if prompt.options else "")
        if kind not in kinds:
            kinds.add(kind)
            assert flat(WORDS["help_keys"]) in flat(one.type("h"))
            question = prompt.options[0].wording if prompt.options else WORDS["who"]
            assert flat(question) in flat(one.type("r"))
        typed, session = answer(PROTOCOL, session, prompt, truth)
        one.type(typed)
    assert {kind for kind, _ in kinds} >= {"who", "one", "list", "timing"}
    assert flat(WORDS["help_keys"]) in flat(one.type("h")), "and at the menu"


# --- stopping ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "code"), [("q", 1), (CTRL_D, 1), (CTRL_C, 130)], ids=["q", "Ctrl-D", "Ctrl-C"])
def test_stopping_before_any_advice_never_reassures(window, typed, code):
    one = window()
    go_on(one, {"back_pain": True}, steps=4)
    shown = one.type(typed, enter=typed == "q")
    assert one.ended() == code
    assert flat(WORDS["stopped"]) in flat(shown)
    assert WORDS["not_stored"] in shown
    assert not any(LEVELS[level].lower() in flat(shown).lower() for level in ("self_care", "scheduled"))


@pytest.mark.parametrize(("typed", "code"), [("q", 0), (CTRL_D, 0), (CTRL_C, 130)], ids=["q", "Ctrl-D", "Ctrl-C"])
def test_stopping_in_an_emergency_says_it_once_more(window, typed, code):
    one = window()
    go_on(one, CANNOT_PEE)
    shown = one.type(typed, enter=typed == "q")
    assert one.ended() == code
    assert EMERGENCY in flat(shown)
    assert WORDS["not_stored"] in shown


# --- files ---------------------------------------------------------------------------------------------------------------------


def test_a_killed_session_goes_on_where_it_was(window, tmp_path):
    file = tmp_path / "answers.json"
    first = window("--save", file)
    session = go_on(first, {"back_pain": True}, steps=6)
    first.kill()
    assert saved(file)["findings"] == known(PROTOCOL, session).values
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    second = window("--resume", file)
    assert f"{len(known(PROTOCOL, session).values)} answers are here" in flat(second.seen)
    go_on(second, {"back_pain": True}, Session(start=known(PROTOCOL, session)))
    assert WORDS["done"] in second.seen
    assert saved(file)["complete"] is True
    assert [path.name for path in tmp_path.iterdir()] == ["answers.json"], "nothing else is left behind"


def test_of_two_windows_on_one_file_neither_loses_what_the_other_was_told(window, tmp_path):
    file = tmp_path / "answers.json"
    first = window("--save", file)
    go_on(first, {"back_pain": True}, steps=4)
    second = window("--resume", file)
    second.type("n")
    kept = file.read_bytes()
    shown = first.type("y")
    assert flat("was changed by another window") in flat(shown)
    assert file.read_bytes() == kept
    second.type("n")
    assert file.read_bytes() != kept


def test_a_saved_emergency_is_told_at_once_on_return(window, tmp_path):
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"findings": CANNOT_PEE, "protocol": {"digest": "sha256:other"}}))
    file.chmod(0o644)
    one = window("--resume", file)
    assert flat(WORDS["resumed_changed"]) in flat(one.seen)
    assert EMERGENCY in flat(one.seen)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


# --- how it looks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_is_longer_than_the_window(window, columns):
    one = window(columns=columns)
    go_on(one, CANNOT_PEE)
    one.type("3")
    one.type("c")
    one.type("")
    one.type("h")
    one.type("1")
    long = [line for line in one.seen.splitlines() if len(line) > min(columns, 80) and len(line.split()) > 2]
    assert long == []


@pytest.mark.parametrize(
    ("arguments", "env"), [(["--plain"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})], ids=["plain", "NO_COLOR", "dumb"]
)
def test_no_codes_when_they_are_not_wanted(window, arguments, env):
    one = window(*arguments, env=env)
    go_on(one, CANNOT_PEE)
    one.type("")
    assert "\x1b" not in one.raw
    assert one.ended() == 0


def test_bold_is_an_extra(window):
    one = window()
    assert "\x1b[1m" in one.raw
    plain = window("--plain")
    assert "---" not in plain.seen
    go_on(plain, CANNOT_PEE)
    assert "---" not in plain.seen


def test_nothing_is_written_unless_asked(window, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    one = window(env={"HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"})
    go_on(one, CANNOT_PEE)
    one.type("")
    assert one.ended() == 0
    assert list(home.iterdir()) == []
