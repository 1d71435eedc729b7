"""To change an earlier answer: all of them in words, one is chosen and asked again, and what it contradicts is taken back."""

from __future__ import annotations

from collections.abc import Mapping

from equina.ask.asking import Stopped, Talk, ask, item_of
from equina.ask.replies import command
from equina.ask.session import Prompt, Session, answered, changed, known
from equina.case import Case
from equina.interview import option_of
from equina.model import LONG_STANDING, Protocol
from equina.wording import wording

__all__ = ["change"]


def change(talk: Talk, session: Session) -> Session:
    """The session with one answer changed, or as it was. Raises Stopped."""
    prompt = _chosen(talk, session)
    reply = ask(talk, session, prompt) if prompt else "back"
    if isinstance(reply, str):
        talk.terminal.say(talk.words["change_none"])
        return session
    case = known(talk.protocol, session)
    new, taken_back = changed(talk.protocol, session, reply)
    talk.terminal.say(talk.words["changed"])
    if taken_back:
        talk.terminal.say(talk.words["taken_back"])
    for name in taken_back:
        talk.terminal.item("- ", item_of(talk.protocol, _asked_of(talk.protocol, case, name)))
    return new


def _chosen(talk: Talk, session: Session) -> Prompt | None:
    """The answer to change. What was said to be so comes first; the many that are not are listed when they are wanted."""
    case = known(talk.protocol, session)
    groups: dict[str, list[Prompt]] = {group: [] for group in ("yes", "unsure", "no")}
    for prompt in answered(talk.protocol, session):
        groups[_group(case, prompt)].append(prompt)
    denied = groups.pop("no")
    talk.terminal.say("", talk.words["change_title"], bold=True)
    prompts = _listed(talk, case, groups)
    if denied:
        talk.terminal.item(f"{len(prompts) + 1}. ", talk.words["change_some_no"])
    number = _number(talk, len(prompts) + bool(denied))
    if number and number > len(prompts):
        prompts = _listed(talk, case, {"no": denied})
        number = _number(talk, len(prompts))
    return prompts[number - 1] if number else None


def _listed(talk: Talk, case: Case, groups: Mapping[str, list[Prompt]]) -> list[Prompt]:
    """Print the groups, numbered through, and give back what the numbers stand for."""
    numbered: list[Prompt] = []
    for group, prompts in groups.items():
        if prompts:
            talk.terminal.say(talk.words[f"change_{group}"])
        for prompt in prompts:
            numbered.append(prompt)
            talk.terminal.item(f"{len(numbered)}. ", _in_words(talk.protocol, case, prompt, full=group == "yes"))
    return numbered


def _number(talk: Talk, most: int) -> int | None:
    """The number that is typed, or None for "leave them". Raises Stopped."""
    while True:
        text = talk.terminal.ask(talk.words["change_prompt"])
        if text is None:
            raise Stopped(ended=True, question=talk.words["change_title"])
        typed = command(text, language=talk.protocol.language)
        if typed == "quit":
            raise Stopped(ended=False)
        if not text or typed in ("back", "change"):
            return None
        if text.isdecimal() and len(text) < 4 and 1 <= int(text) <= most:
            return int(text)
        talk.terminal.say(talk.words["no_such_number"].format(typed=text[:20], most=most))


def _asked_of(protocol: Protocol, case: Case, name: str) -> Prompt:
    return Prompt(kind="one", options=(option_of(protocol, case, protocol.findings[name], "one"),))


def _group(case: Case, prompt: Prompt) -> str:
    value = case.values.get(prompt.options[0].finding) if prompt.kind == "one" else True
    return "unsure" if value is None else "no" if value is False else "yes"


def _in_words(protocol: Protocol, case: Case, prompt: Prompt, *, full: bool) -> str:
    """What was asked, and with `full` behind it the answer."""
    words = wording("ask", protocol.language)
    match prompt.kind:
        case "who":
            return words["change_line"].format(item=words["change_who"], answer=words["someone" if case.carer else "me"])
        case "told":
            return f"{words['change_told']} {case.told}"
        case "onset":
            moment = case.onset[prompt.options[0].finding]
            return f"{words['change_onset'].format(item=item_of(protocol, prompt))} {moment.strftime('%Y-%m-%d %H:%M')}"
        case _:
            option, item = prompt.options[0], item_of(protocol, prompt)
            answer = _answer(case, option.finding, option.unit, wording("answers", protocol.language))
            return words["change_line"].format(item=item, answer=answer) if full else item


def _answer(case: Case, name: str, unit: str | None, answers: Mapping[str, str]) -> str:
    value = case.values[name]
    if value is True or value == LONG_STANDING:
        return answers["yes" if value is True else LONG_STANDING]
    if value is None or value is False:
        return answers["not_sure" if value is None else "no"]
    return f"{value:g} {unit or ''}".strip() if isinstance(value, float) else answers.get(str(value), str(value))
