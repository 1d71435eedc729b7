"""A text that is not in English is refused, however short; one that is in English is read, however it is written."""

from dataclasses import replace
from pathlib import Path

import pytest

from equina.notes.lexicon import lexicon
from equina.notes.reading import read
from equina.protocol import load
from sentences import sentences

LEXICON = lexicon(load())
PLAINLY = replace(LEXICON, compiled=None)
OTHERS = """no puedo orinar y me duele la espalda
me duele la espalda
no puedo orinar
Tengo dolor de espalda.
no siento las piernas
entumecimiento en la ingle
dolor lumbar fuerte
me orino encima
HOLA, NO PUEDO CAMINAR
mucho dolor
tengo incontinencia urinaria
Tengo las piernas débiles y no puedo orinar
retencion urinaria
no siento cuando orino
j'ai mal au dos et je ne peux pas uriner
ich kann nicht pinkeln
rückenschmerzen seit gestern
não consigo urinar e tenho dor nas costas
nie mogę oddać moczu, boli mnie kręgosłup""".splitlines()
OURS = """LBP, PU ok
LBP. BO. PU'd x2. BNO 3/7
no pee since am
no me legs r numb
cnt pee bak hurts
Madre de Dios my back hurts
Hola, my back hurts mucho
my wife Consuelo de la Cruz cant pee
pt w/ LBP, w/o fever
w CES, z track inj
G2 P2, para 2, back pain
mal de dos = back pain
grand mal in 2019
dolor, rubor, calor of L knee
per rectum nad""".splitlines()


@pytest.mark.parametrize("words", [LEXICON, PLAINLY], ids=["compiled", "plainly"])
@pytest.mark.parametrize("text", OTHERS)
def test_another_language_is_refused(words, text):
    assert "only English is read" in (read(words, text).refused or "")


@pytest.mark.parametrize("words", [LEXICON, PLAINLY], ids=["compiled", "plainly"])
@pytest.mark.parametrize("text", OURS)
def test_english_is_read_however_short_and_misspelt(words, text):
    assert read(words, text).refused is None


def test_no_text_of_ours_is_refused():
    here = Path(__file__).parent
    texts = [
        each.text for folder in ("reading", "corpus") for file in sorted((here / folder).glob("*.txt")) for each in sentences(file)
    ]
    assert len(texts) > 10_000
    assert [text for text in texts if read(LEXICON, text).refused] == []
