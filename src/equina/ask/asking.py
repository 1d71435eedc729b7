"""One question at a time: how each is put, and how a line typed to it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from equina.ask.onset import ago, read_onset
from equina.ask.replies import Choice, Command, Misread, choice, choices_of, choose, command, read_marks, read_number
from equina.ask.session import Given, Prompt, Session, step_number, steps_ahead
from equina.ask.terminal import Terminal
from equina.case import Case
from equina.model import Protocol
from equina.wording import wording

__all__ = ["Stopped", "Talk", "ask", "item_of", "menu"]

# The answers that are no codes of a finding, each with the id of its words.
WHO = {"me": "me", "someone": "someone"}
TIMING = {"yes_new": "timing_new", "long_standing": "timing_old", "when_not_sure": "timing_unsure"}
Going = Literal["back", "change"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a talk needs beside its session: the protocol, the terminal, the time, where to warn, and where answers are kept."""

    protocol: Protocol
    terminal: Terminal
    now: Callable[[], datetime]
    warn: Callable[[str], None]
    file: str | None = None
    keep: Callable[[Case], None] | None = None

    @property
    def words(self) -> Mapping[str, str]:
        """What the terminal says, in the language of the protocol."""
        return wording("ask", self.protocol.language)


class Stopped(Exception):  # noqa: N818  (what it is, not how it is told)
    """The person stops, or no more input comes."""

    def __init__(self, *, ended: bool, question: str = "") -> None:
        super().__init__(question)
        self.ended = ended
        self.question = question


def ask(talk: Talk, session: Session, prompt: Prompt) -> Given | Going:
    """The answer to the prompt, or where the person wants to go instead. Raises Stopped."""
    _put(talk, session, prompt, heading=_is_first(session, prompt))
    choices = _choices(talk.protocol, prompt)
    first = not session.given and not talk.terminal.plain
    misread = 0
    while True:
        text = _typed(talk, talk.words["prompt_first" if first else "prompt"], choices, question=_question(talk.protocol, prompt))
        match text:
            case ("help", _):
                _help(talk, session, prompt)
            case ("repeat", _):
                _put(talk, session, prompt, heading=True)
            case ("back" | "change" as going, _):
                return going
            case (_, typed):
                try:
                    return _read(talk, prompt, choices, typed)
                except Misread as error:
                    talk.terminal.say(str(error))
                    misread += 1
                    if misread == 1 and prompt.kind in ("one", "list"):  # what could not be read may have been a cry for help
                        talk.terminal.say(talk.words["help_emergency"])
                    if misread % 2 == 0:  # the answers may have scrolled away
                        _put(talk, session, prompt, heading=True)


def _typed(talk: Talk, prompt: str, choices: Sequence[Choice], *, question: str) -> tuple[Command | None, str]:
    """The next line, as a command or as typed. Raises Stopped."""
    text = talk.terminal.ask(prompt)
    if text is None:
        raise Stopped(ended=True, question=question)
    typed = command(text, choices, talk.protocol.language)
    if typed == "quit":
        raise Stopped(ended=False)
    return typed, text


# --- put -----------------------------------------------------------------------------------------------------------------------


def _is_first(session: Session, prompt: Prompt) -> bool:
    """Whether the prompt begins its step."""
    before = [given.prompt.step for given in session.given if given.prompt.step]
    return prompt.kind == "list" or not before or not prompt.step or before[-1].id != prompt.step.id


def _put(talk: Talk, session: Session, prompt: Prompt, *, heading: bool) -> None:
    """Print the question with its answers."""
    terminal = talk.terminal
    terminal.say("")
    if heading and prompt.step and prompt.kind != "timing":
        step = prompt.step
        # The wording of a list asks a question; when one item is left of the list, it is asked by its own.
        wording = "" if prompt.kind == "one" and step.kind == "one" and step.wording.endswith("?") else step.wording
        terminal.say(talk.words["step"].format(n=step_number(session, prompt), wording=wording).strip(), bold=prompt.kind == "list")
        if wording and step.hint:
            terminal.say(step.hint)
        if prompt.kind == "one":
            terminal.say("")
    if prompt.kind == "list":
        _put_list(talk, session, prompt)
        return
    terminal.say(*_asked(talk.protocol, prompt), bold=True)
    terminal.say(*_hints(talk.protocol, prompt))
    put_choices(terminal, _choices(talk.protocol, prompt))


def _put_list(talk: Talk, session: Session, prompt: Prompt) -> None:
    terminal = talk.terminal
    for number, option in enumerate(prompt.options, 1):
        mark = f"{number}. "
        terminal.item(mark, option.wording)
        if option.hint:
            terminal.item(" " * len(mark), option.hint)
    told = any(given.prompt.kind == "list" for given in session.given)
    terminal.say(talk.words["list_short" if told else "list_how"])


def put_choices(terminal: Terminal, choices: Sequence[Choice]) -> None:
    """The numbered answers, in one line where they fit."""
    if choices and not terminal.in_a_row([f"{number}. {choice.label}" for number, choice in enumerate(choices, 1)]):
        for number, each in enumerate(choices, 1):
            terminal.item(f"{number}. ", each.label)


def _choices(protocol: Protocol, prompt: Prompt) -> tuple[Choice, ...]:
    match prompt.kind:
        case "who" | "timing" as kind:
            words = wording("ask", protocol.language)
            labels = WHO if kind == "who" else TIMING
            return tuple(choice(value, words[id], protocol.language) for value, id in labels.items())
        case "one" if not _measured(protocol, prompt):
            return choices_of(prompt.options[0], protocol.language)
        case _:
            return ()


def _measured(protocol: Protocol, prompt: Prompt) -> bool:
    return prompt.kind == "one" and protocol.findings[prompt.options[0].finding].measured


def _question(protocol: Protocol, prompt: Prompt) -> str:
    """The question alone, for a message."""
    if prompt.kind == "list" and prompt.step:
        return prompt.step.wording
    return _asked(protocol, prompt)[-1]


def _asked(protocol: Protocol, prompt: Prompt) -> tuple[str, ...]:
    words = wording("ask", protocol.language)
    match prompt.kind:
        case "who":
            return (words["who"],)
        case "timing":
            return (words["timing"].format(item=prompt.options[0].wording), words["timing_ask"])
        case "onset":
            return (words["onset"].format(item=item_of(protocol, prompt)), words["onset_ask"])
        case "told":
            return (words["told_ask"],)
        case _:
            return (prompt.options[0].wording,)


def _hints(protocol: Protocol, prompt: Prompt) -> tuple[str, ...]:
    words = wording("ask", protocol.language)
    if prompt.kind in ("onset", "told"):
        return (words[f"{prompt.kind}_how"],)
    if prompt.kind != "one":
        return ()
    option = prompt.options[0]
    hints = [option.hint] if option.hint else []
    if _measured(protocol, prompt):
        celsius = protocol.findings[option.finding].unit == "Cel"
        hints.append(words["number_temperature"] if celsius else "")
        hints.append(words["number_how"].format(unit=option.unit))
    return tuple(hint for hint in hints if hint)


def item_of(protocol: Protocol, prompt: Prompt) -> str:
    """The finding of the prompt as the person would say it, or as it was asked."""
    option = prompt.options[0]
    return protocol.findings[option.finding].say or option.wording


def _help(talk: Talk, session: Session, prompt: Prompt) -> None:
    kind = "list_how" if prompt.kind == "list" else f"{prompt.kind}_how" if prompt.kind in ("onset", "told") else "help_one"
    how = talk.words["number_how"].format(unit=prompt.options[0].unit) if _measured(talk.protocol, prompt) else talk.words[kind]
    talk.terminal.say(how, talk.words["help_sure"], talk.words["help_keys"])
    if session.stage == "advice" and prompt.kind != "who" and (ahead := steps_ahead(talk.protocol, session)) > 1:
        talk.terminal.say(talk.words["help_ahead"].format(n=ahead))
    talk.terminal.say(talk.words["help_private"], talk.words["help_emergency"])


# --- read ----------------------------------------------------------------------------------------------------------------------


def _read(talk: Talk, prompt: Prompt, choices: Sequence[Choice], text: str) -> Given:
    """What the line answers. Raises Misread."""
    match prompt.kind:
        case "who":
            carer = choose(text, choices, talk.protocol.language) == "someone"
            if carer:
                talk.terminal.say(talk.words["carer"])
            return Given(prompt=prompt, carer=carer)
        case "list":
            return Given(prompt=prompt, answers=read_marks(text, prompt.options, talk.protocol.language))
        case "timing":
            code = choose(text, choices, talk.protocol.language)
            return Given(prompt=prompt, answers={prompt.options[0].finding: "yes_new" if code == "when_not_sure" else code})
        case "onset":
            return Given(prompt=prompt, onset=_read_onset(talk, prompt, text))
        case "told":
            return Given(prompt=prompt, told=text)
        case "one":
            return Given(prompt=prompt, answers={prompt.options[0].finding: _read_one(talk, prompt, choices, text)})


def _read_one(talk: Talk, prompt: Prompt, choices: Sequence[Choice], text: str) -> str | float:
    option = prompt.options[0]
    if not choices:
        return read_number(text, option, talk.protocol.findings[option.finding], talk.protocol.language)
    code = choose(text, choices, talk.protocol.language)
    if code == "yes_new" and "long_standing" in option.answers and not text.isdecimal():
        talk.terminal.say(talk.words["taken_as"].format(label=choices[0].label))  # a plain yes says nothing of old or new
    return code


def _read_onset(talk: Talk, prompt: Prompt, text: str) -> dict[str, datetime]:
    if not text:
        return {}
    now = talk.now()
    moment = read_onset(text, now, talk.protocol.language)
    if moment is None:
        raise Misread(talk.words["onset_misread"])
    # To the day when it is longer ago: nobody remembers the minute.
    shown = moment.strftime("%Y-%m-%d %H:%M" if now - moment < timedelta(days=3) else "%Y-%m-%d")
    talk.terminal.say(talk.words["onset_noted"].format(ago=ago(now - moment, talk.protocol.language), moment=shown))
    return {prompt.options[0].finding: moment}


# --- menus ---------------------------------------------------------------------------------------------------------------------


def menu(talk: Talk, title: str, items: Sequence[tuple[str, str]], default: int = 1) -> str:
    """The value of the chosen item, or the command "back", "change" or "repeat". Enter chooses the default. Raises Stopped."""
    choices = tuple(choice(value, label, talk.protocol.language) for value, label in items)
    terminal = talk.terminal
    terminal.say("", title, bold=True)
    for number, each in enumerate(choices, 1):
        terminal.item(f"{number}. ", each.label)
    while True:
        typed, text = _typed(talk, talk.words["menu_default"].format(n=default), choices, question=title)
        if typed == "help":
            terminal.say(talk.words["help_keys"], talk.words["help_emergency"])
        elif typed:
            return typed
        elif not text:
            return choices[default - 1].value
        else:
            try:
                return choose(text, choices, talk.protocol.language)
            except Misread as error:
                terminal.say(str(error))
