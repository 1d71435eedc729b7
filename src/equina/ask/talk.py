"""The talk itself: ask on, interrupt at once for an emergency, show the result and the page, and end with what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from equina.ask.asking import Stopped, Talk, ask, menu
from equina.ask.changing import change
from equina.ask.onset import ago
from equina.ask.session import Session, back, is_emergency, known, next_prompt, with_given
from equina.case import Case
from equina.handover import handover
from equina.interview import next_questions
from equina.model import rank
from equina.prose import Block
from equina.result import result
from equina.triage import assess, interval

__all__ = ["hold", "open_new", "open_resumed", "tell"]

# Exit codes: advice was given; stopped before any; the input was bad or ended too early; as a shell reports SIGINT.
ADVISED, NONE_YET, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def open_new(talk: Talk) -> None:
    """The opening words: why, what this is not, what is kept, and what to do instead if it is bad already."""
    stored = talk.words["opening_saved"].format(file=talk.file) if talk.file else talk.words["opening_stored"]
    talk.terminal.say(talk.words["title"], bold=True)
    talk.terminal.say(
        "",
        talk.words["opening_why"],
        talk.words["opening_what"],
        stored,
        "",
        talk.words["opening_now"],
        "",
        talk.words["opening_keys"],
    )


def open_resumed(talk: Talk, case: Case, then: datetime | None, *, same_questions: bool) -> None:
    """The opening words of a session that goes on."""
    count, now = len(case.values), talk.now()
    talk.terminal.say(talk.words["title"], bold=True)
    talk.terminal.say(
        "", talk.words["resumed" if count else "resumed_none"].format(n=count, ago=ago(now - (then or now), talk.protocol.language))
    )
    if not same_questions:
        talk.terminal.say(talk.words["resumed_changed"])
    talk.terminal.say(talk.words["opening_now"], "", talk.words["opening_keys"])


def hold(talk: Talk, session: Session) -> int:
    """Hold the talk to its end; the exit code."""
    try:
        while True:
            turn = _turn(talk, session)
            if isinstance(turn, int):
                return turn
            if known(talk.protocol, turn) != known(talk.protocol, session):
                turn = replace(turn, paged=False)
                if talk.keep:
                    talk.keep(known(talk.protocol, turn))
            session = turn
    except KeyboardInterrupt:
        talk.terminal.say("")
        _end(talk, session)
        return INTERRUPTED
    except Stopped as stop:
        if stop.ended and talk.terminal.echoes:
            talk.terminal.say("")  # Ctrl-D leaves the line open
        advised = _end(talk, session)
        if stop.ended and not advised and not talk.terminal.echoes:
            talk.warn(talk.words["ended_open"].format(question=stop.question))
            return BAD_INPUT
        return ADVISED if advised else NONE_YET


def _turn(talk: Talk, session: Session) -> Session | int:
    """One turn of the talk: the session after it, or the exit code when it ends."""
    protocol = talk.protocol
    if session.again is None:
        if is_emergency(protocol, session):
            if session.shown != (action := _action(talk, session)):
                return _interrupt(talk, session, action)
            if session.stage == "advice":
                return _emergency_menu(talk, session)
        elif session.shown and not session.complete:
            talk.terminal.say("", talk.words["no_longer"])
            return replace(session, shown=(), stage="advice")
        elif session.shown and session.shown != _action(talk, session):
            talk.terminal.say("", talk.words["advice_changed"])
            return _advise(talk, session)
    prompt = next_prompt(protocol, session)
    if prompt is None:
        return _nothing_left(talk, session)
    reply = ask(talk, session, prompt)
    if reply == "back":
        return _back(talk, session)
    if reply == "change":
        return change(talk, session)
    return with_given(session, reply)


def _nothing_left(talk: Talk, session: Session) -> Session | int:
    """Every question is answered: the advice, or behind it the page."""
    if session.stage != "advice" and session.shown:
        return _page(talk, session)
    if session.complete and session.shown:
        return _calm_menu(talk, session)
    talk.terminal.say("", talk.words["done"])
    return _advise(talk, replace(session, complete=True))


def _back(talk: Talk, session: Session) -> Session:
    before = back(session)
    if before:
        return before
    talk.terminal.say(talk.words["nothing_before_resumed" if session.start.values else "nothing_before"])
    return session


# --- advice --------------------------------------------------------------------------------------------------------------------


def _blocks(talk: Talk, session: Session) -> tuple[Block, ...]:
    case = known(talk.protocol, session)
    return result(talk.protocol, case, assess(talk.protocol, case))


def _action(talk: Talk, session: Session) -> tuple[str, ...]:
    """What to do: the level, the headline and how soon."""
    case = known(talk.protocol, session)
    first = _blocks(talk, session)[0]
    return (str(assess(talk.protocol, case).disposition), first.title, *first.lines)


def _show(talk: Talk, session: Session, wanted: Callable[[Block], bool] | None) -> None:
    talk.terminal.say("")
    talk.terminal.rule()
    talk.terminal.show(block for block in _blocks(talk, session) if wanted is None or wanted(block))
    talk.terminal.rule()


def _advise(talk: Talk, session: Session) -> Session:
    """Show the whole result."""
    _show(talk, session, None)
    return replace(session, shown=_action(talk, session), stage="advice")


def _interrupt(talk: Talk, session: Session, action: tuple[str, ...]) -> Session:
    """An emergency is told at once. One that was told already, and asks for more now, is told again in short."""
    if session.shown and session.shown[0] == "emergency":
        talk.terminal.say("", talk.words["adds"])
        _show(talk, session, lambda block: block.kind == "headline")
        return replace(session, shown=action)
    talk.terminal.say("", talk.words["interrupt"], bold=True)
    _show(talk, session, lambda block: not block.more)
    return replace(session, shown=action, stage="advice")


def _emergency_menu(talk: Talk, session: Session) -> Session | int:
    more = next_prompt(talk.protocol, replace(session, stage="fuller"))
    items = [("stop", talk.words["menu_end" if session.paged else "menu_stop"])]
    items += [("more", talk.words["menu_more"])] if more else []
    items += [("rest", talk.words["menu_rest"]), ("change", talk.words["menu_mistake"])]
    talk.terminal.say("", session.shown[1], bold=True)
    match menu(talk, talk.words["what_next"], items):
        case "stop":
            if not session.paged:
                _page(talk, session)
            _end(talk, session)
            return ADVISED
        case "more":
            talk.terminal.say("", talk.words["more_intro"])
            return replace(session, stage="fuller")
        case "rest":
            _show(talk, session, lambda block: block.more)
        case "repeat":
            _show(talk, session, lambda block: not block.more)
        case "back":
            return _back(talk, session)
        case _:
            return change(talk, session)
    return session


def _calm_menu(talk: Talk, session: Session) -> Session | int:
    items = [("page", talk.words["menu_page"]), ("change", talk.words["menu_change"]), ("stop", talk.words["menu_end"])]
    talk.terminal.say("", session.shown[1], bold=True)  # what is above may have scrolled away
    match menu(talk, talk.words["what_next"], items, default=3):
        case "page":
            if next_prompt(talk.protocol, replace(session, stage="closing")):
                talk.terminal.say("", talk.words["page_intro"])
            return replace(session, stage="closing")
        case "stop":
            _goodbye(talk)
            return ADVISED
        case "repeat":
            return _advise(talk, session)
        case "back":
            return _back(talk, session)
        case _:
            return change(talk, session)


def _page(talk: Talk, session: Session) -> Session:
    """Print the handover."""
    case = known(talk.protocol, session)
    talk.terminal.say("", talk.words["page_title"])
    talk.terminal.rule()
    talk.terminal.show(handover(talk.protocol, case, assess(talk.protocol, case)))
    talk.terminal.rule()
    return replace(session, stage="advice", paged=True)


# --- the end -------------------------------------------------------------------------------------------------------------------


def _end(talk: Talk, session: Session) -> bool:
    """Say what is known so far, and what was kept; whether that is advice. It never reassures."""
    case = known(talk.protocol, session)
    blocks = _blocks(talk, session)
    emergency = interval(talk.protocol, case)[0] == "emergency"
    advised = emergency or (case.complete and bool(session.shown))
    talk.terminal.say("")
    if advised:
        talk.terminal.say(talk.words["again" if session.shown else "interrupt"])
        talk.terminal.show(blocks[:1])
    else:
        _say_unfinished(talk, case, blocks, talk.words["stopped"])
    _goodbye(talk)
    return advised


def _say_unfinished(talk: Talk, case: Case, blocks: tuple[Block, ...], first: str) -> None:
    talk.terminal.say(first)
    low = interval(talk.protocol, case)[0]
    if rank(low) >= rank("urgent"):
        talk.terminal.say(talk.words["stopped_at_least"], talk.protocol.disposition_words[low])
    talk.terminal.say(talk.words["stopped_early"])
    if signs := [block for block in blocks if block.id == "watch_for"]:
        talk.terminal.say("")
        talk.terminal.show(signs)


def _goodbye(talk: Talk) -> None:
    talk.terminal.say("")
    if talk.file is None:
        talk.terminal.say(talk.words["not_stored"])
    else:
        talk.terminal.say(*(talk.words[id].format(file=talk.file) for id in ("kept", "kept_resume", "kept_page")))


def tell(talk: Talk, case: Case) -> int:
    """The result of answers from a file, when nothing is asked; the exit code."""
    protocol = talk.protocol
    step = next_questions(protocol, case)
    emergency = interval(protocol, case)[0] == "emergency"
    session = Session(start=case, complete=case.complete or (step is None and case.answered_by != "record"))
    if step is None or emergency:
        talk.terminal.show(_blocks(talk, session))
        return ADVISED
    assessment = assess(protocol, case)
    if assessment.disposition is None:
        talk.terminal.show(result(protocol, case, assessment))
    else:  # some questions are open that could raise it
        _say_unfinished(talk, case, result(protocol, case, assessment), talk.words["stopped_file"])
    talk.warn(talk.words["questions_open"].format(findings=", ".join(option.finding for option in step.options)))
    return BAD_INPUT
