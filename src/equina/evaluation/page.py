"""An evaluation as one page of HTML: no script, nothing fetched, a table beside each plot, light or dark as the reader has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from equina import __version__
from equina.evaluation.attacks import AttackScore
from equina.evaluation.measures import MEASURES
from equina.evaluation.published import published
from equina.evaluation.report import WORDS, Evaluation, measure_words, percent
from equina.evaluation.scoring import SLICED, Scores
from equina.model import DISPOSITIONS
from equina.reports.page import interval_words, paragraph, region, table, whole
from equina.reports.plots import Dot, share_plot
from equina.shares import Share

__all__ = ["page"]

MOST_LISTED = 40
LEVELS = {level: WORDS["emergency_level" if level == "emergency" else level] for level in DISPOSITIONS}


def page(evaluation: Evaluation) -> str:
    """The whole page."""
    return whole(f"{WORDS['title']}: {evaluation.system}", _body(evaluation))


def _body(evaluation: Evaluation) -> Iterator[str]:
    yield from _head(evaluation)
    for scores in evaluation.scores:
        yield from _mode(evaluation, scores)
    if evaluation.attacks:
        yield from _attacks(evaluation.attacks)
    if evaluation.generated is not None:
        yield from _emergencies(evaluation)
    yield from _beside(evaluation)


def _head(evaluation: Evaluation) -> Iterator[str]:
    protocol = evaluation.protocol
    yield f"<h1>{escape(WORDS['title'])}</h1>"
    yield paragraph(WORDS["judged"].format(system=evaluation.system), "lead")
    failures = evaluation.failures
    yield f'<div class="verdict {"bad" if failures else "good"}"><p>{escape(evaluation.verdict)}</p>'
    if failures:
        yield f"<ul>{''.join(f'<li>{escape(failure)}</li>' for failure in failures)}</ul>"
    yield "</div>"
    words = {"id": protocol.id, "protocol": protocol.version, "digest": protocol.digest[:19], "seed": evaluation.seed}
    yield paragraph(WORDS["cases"].format(cases=len(evaluation.vignettes), files=", ".join(evaluation.files)))
    yield paragraph(WORDS["made_by"].format(version=__version__, **words), "fine")
    yield paragraph(WORDS["notice"], "fine")
    if len(evaluation.scores) > 1:
        yield paragraph(WORDS["modes_note"])


# --- one mode ------------------------------------------------------------------------------------------------------------------


def _mode(evaluation: Evaluation, scores: Scores) -> Iterator[str]:
    yield f"<h2>{escape(WORDS[f'mode_{scores.mode}'])}</h2>"
    if missing := len(evaluation.vignettes) - len(scores.outcomes):
        yield paragraph(WORDS["left_out"].format(count=missing, cases=len(evaluation.vignettes)))
    for scoring in ("strict", "lenient", "further"):
        yield from _measures(scores, scoring)
    yield f"<h3>{escape(WORDS['confusion'])}</h3>"
    yield paragraph(WORDS["confusion_note"])
    yield _confusion(scores)
    yield f"<h3>{escape(WORDS['wrong'])}</h3>"
    yield _wrong(scores) if scores.wrong else paragraph(WORDS["wrong_none"])
    yield f"<details><summary>{escape(WORDS['slices'])}</summary>"
    yield paragraph(WORDS["slices_note"])
    rows = [
        (part.by, part.name, str(part.cases), *(_share_cell(part.shares[id]) for id in SLICED))
        for part in scores.slices
        if part.cases > 1 or part.by == "level"
    ]
    labels = [measure_words(id)[0] for id in SLICED]
    caption = f"{WORDS[f'mode_{scores.mode}']}: {WORDS['slices']}"
    yield table((WORDS["by"], WORDS["part"], WORDS["count"], *labels), rows, caption)
    yield "</details>"


def _measures(scores: Scores, scoring: str) -> Iterator[str]:
    measures = [m for m in MEASURES if m.scoring == scoring and scores.shares[m.id].total]
    if not measures:
        return
    yield f"<h3>{escape(WORDS[scoring])}</h3>"
    if f"{scoring}_note" in WORDS:
        yield paragraph(WORDS[f"{scoring}_note"])
    dots, rows = [], []
    for measure in measures:
        share = scores.shares[measure.id]
        label, meaning = measure_words(measure.id)
        kind = "bad" if measure.wanted == "low" else "ours"
        dots.append(Dot(label, share.value, share.interval, kind, f"{percent(share.value)}  ({share.hits}/{share.total})"))
        about = meaning if measure.wanted == "either" else f"{meaning} ({WORDS[f'wanted_{measure.wanted}']})"
        rows.append((label, percent(share.value), f"{share.hits}/{share.total}", _interval(share), about))
    name = f"{WORDS[f'mode_{scores.mode}']}: {WORDS[scoring]}"
    yield _plot(f"{scores.mode}-{scoring}", name, dots)
    yield table((WORDS["measure"], WORDS["share"], WORDS["hits"], WORDS["interval"], WORDS["meaning"]), rows, name)


def _confusion(scores: Scores) -> str:
    levels = (*reversed(DISPOSITIONS), "none")
    words = LEVELS | {"none": WORDS["none"]}
    head = "".join(f'<th scope="col">{escape(words[level])}</th>' for level in levels)
    rows = []
    for place, expected in enumerate(reversed(DISPOSITIONS)):
        total = sum(scores.confusion[expected].values())
        cells = ""
        for at, level in enumerate(levels):
            count = scores.confusion[expected][level]
            kind = "right" if at == place else "high" if at < place else "low"
            cells += f'<td class="{kind if count else "empty"}">{count}</td>'
        rows.append(f'<tr><th scope="row">{escape(words[expected])} ({total})</th>{cells}</tr>')
    caption = f"{WORDS[f'mode_{scores.mode}']}: {WORDS['confusion']}"
    corner = escape(f"{WORDS['expected']} ↓ · {WORDS['given']} →")
    return region(
        caption,
        f'<table class="confusion"><caption>{escape(caption)}</caption><thead><tr><td>{corner}</td>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>",
    )


def _wrong(scores: Scores) -> str:
    rows = [
        (
            outcome.vignette.id,
            ", ".join(LEVELS[level] for level in outcome.vignette.acceptable),
            LEVELS[outcome.answer.level] if outcome.answer.level else outcome.answer.error or WORDS["none"],
            f"{outcome.vignette.file}, {outcome.vignette.line}",
        )
        for outcome in scores.wrong[:MOST_LISTED]
    ]
    caption = f"{WORDS[f'mode_{scores.mode}']}: {WORDS['wrong']}"
    return table((WORDS["case"], WORDS["acceptable"], WORDS["given"], WORDS["place"]), rows, caption)


# --- attacks, emergencies, what others found -------------------------------------------------------------------------------------


def _attacks(attacks: Sequence[AttackScore]) -> Iterator[str]:
    yield f"<h2>{escape(WORDS['attacks'])}</h2>"
    yield paragraph(WORDS["attacks_note"])
    for mode in dict.fromkeys(row.mode for row in attacks):
        of_mode = [row for row in attacks if row.mode == mode]
        name = f"{WORDS['lost']}: {WORDS[f'mode_{mode}']}"
        dots = [
            Dot(
                WORDS["attack_names"][row.attack.id],
                row.share_lost.value,
                row.share_lost.interval,
                "bad",
                f"{percent(row.share_lost.value)}  ({len(row.lost)}/{row.emergencies})",
            )
            for row in of_mode
            if row.emergencies
        ]
        yield f"<h3>{escape(WORDS[f'mode_{mode}'])}</h3>"
        yield _plot(f"attacks-{mode}", name, dots)
        rows = [
            (
                WORDS["attack_names"][row.attack.id],
                str(row.cases),
                str(len(row.changed)),
                str(row.lower),
                f"{len(row.lost)}/{row.emergencies}",
                _interval(row.share_lost),
            )
            for row in of_mode
        ]
        head = (WORDS["did"], WORDS["attacked"], WORDS["changed"], WORDS["lower"], WORDS["lost"])
        yield table((*head, WORDS["interval"]), rows, name)
    lost = [
        (change.vignette.id, row.mode, change.did, LEVELS[change.after] if change.after else WORDS["none"])
        for row in attacks
        for change in row.lost
    ]
    if lost:
        yield f"<details><summary>{escape(WORDS['lost'])} ({len(lost)})</summary>"
        yield table((WORDS["case"], WORDS["by"], WORDS["did"], WORDS["after"]), lost[:MOST_LISTED], WORDS["lost"])
        yield "</details>"


def _emergencies(evaluation: Evaluation) -> Iterator[str]:
    generated = evaluation.generated
    assert generated is not None
    total, missed = len(generated.patients), len(generated.missed)
    yield f"<h2>{escape(WORDS['emergencies'])}</h2>"
    yield paragraph(WORDS["emergencies_note"])
    share = Share(missed, total)
    told = WORDS["emergencies_told"].format(total=total, missed=missed)
    yield paragraph(f"{told} ({WORDS['interval']}: {_interval(share)})", "lead")
    yield f"<details><summary>{escape(WORDS['rule'])}</summary>"
    rows = [(rule, str(made), str(lost)) for rule, (made, lost) in generated.by_rule.items()]
    yield table((WORDS["rule"], WORDS["made"], WORDS["missed"]), rows, WORDS["emergencies"])
    yield "</details>"


def _beside(evaluation: Evaluation) -> Iterator[str]:
    if not evaluation.scores:
        return
    data = published()
    numbers = {name: number for number, name in enumerate(data.sources, 1)}
    yield f"<h2>{escape(WORDS['published'])}</h2>"
    yield paragraph(data.caveat, "caveat")
    for measure in dict.fromkeys(figure.measure for figure in data.figures):
        label = measure_words(measure)[0]
        dots, rows = [], []
        for scores in evaluation.scores:
            share = scores.shares[measure]
            if share.total:
                name = f"{evaluation.system}: {WORDS[f'mode_{scores.mode}'].lower()}"
                dots.append(Dot(name, share.value, share.interval, "ours", percent(share.value)))
                rows.append((name, percent(share.value), _interval(share)))
        for figure in data.figures:
            if figure.measure == measure:
                name = f"{figure.what} [{numbers[figure.source]}]"
                told = percent(figure.share) if figure.share is not None else WORDS["several"]
                told += "" if figure.seen else f" ({WORDS['unseen']})"
                ends = figure.range or figure.interval
                dots.append(Dot(name, figure.share, ends, "theirs", told))
                rows.append((name, told, interval_words(ends) if ends else "–"))
        title = f"{WORDS['published']}: {label}"
        yield f"<h3>{escape(label)}</h3>"
        yield _plot(f"published-{measure}", title, dots)
        yield table((WORDS["study"], WORDS["share"], WORDS["interval_or_range"]), rows, title)
    if not all(figure.seen for figure in data.figures):
        yield paragraph(WORDS["unseen_note"], "fine")
    yield f"<h3>{escape(WORDS['sources'])}</h3>"
    yield f"<ol>{''.join(f'<li>{escape(cited)} doi:{escape(doi)}</li>' for cited, doi in data.sources.values())}</ol>"


# --- parts of the page -----------------------------------------------------------------------------------------------------------


def _plot(id: str, title: str, dots: Sequence[Dot]) -> str:
    return region(f"{title} ({WORDS['plot']})", share_plot(id, title, WORDS["plot_desc"], dots))


def _share_cell(share: Share) -> str:
    return f"{percent(share.value)} ({share.hits}/{share.total})" if share.total else "–"


def _interval(share: Share) -> str:
    if not share.total:
        return "–"
    return interval_words(share.interval)
