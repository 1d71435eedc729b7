"""The words around a quote: read again where the results say that it stands, and shown only if it still stands there."""

import base64
import gzip
import json

import pytest

pytest.importorskip("pyarrow")

from equina.worklist.context import with_context
from equina.worklist.entry import entries
from equina.worklist.telling import fact_lines
from screened import patient_of, piece, row
from strategies import PROTOCOL

NOTE = "Rang today. " + "Long story. " * 12 + "She is numb when wiping since this morning, no fever. " + "More follows. " * 12


def noted(path, line, text=NOTE, quote="numb when wiping"):
    start = text.index(quote)
    return piece("saddle_anesthesia", origin="text", quote=quote, start=start, end=start + len(quote), line=line, file=str(path))


def zstandard(data):
    import pyarrow

    return pyarrow.compress(data, codec="zstd", asbytes=True)


PACKED = {"": bytes, ".gz": gzip.compress, ".zst": zstandard}


@pytest.mark.parametrize("packed", PACKED)
def test_the_words_around_a_quote_are_read_where_they_stand(tmp_path, packed):
    path = tmp_path / f"notes.jsonl{packed}"
    lines = "".join(json.dumps(each) + "\n" for each in ({"id": "x", "text": "nothing"}, {"id": "a", "text": NOTE}))
    path.write_bytes(PACKED[packed](lines.encode()))
    (found,) = with_context([patient_of(row("a", noted(path, 2)))])
    (said,) = found.evidence
    assert said.before.startswith("… ")
    assert said.before.endswith("Long story. She is ")
    assert said.after.startswith(" since this morning, no fever. More")
    assert len(said.before) + len(said.after) < 150
    (entry,) = entries(PROTOCOL, [(found, None)])
    assert "She is »numb when wiping« since this morning, no fever." in next(fact_lines(entry.facts[0]))


@pytest.mark.parametrize("change", ["gone", "another line", "another text", "not JSON", "another kind"])
def test_no_words_are_shown_around_a_quote_that_is_not_there_any_more(tmp_path, change):
    path = tmp_path / ("notes.csv" if change == "another kind" else "notes.jsonl")
    text = NOTE.replace("numb", "fine") if change == "another text" else NOTE
    if change != "gone":
        path.write_text("{" if change == "not JSON" else json.dumps({"text": text}) + "\n", encoding="utf-8")
    (found,) = with_context([patient_of(row("a", noted(path, 2 if change == "another line" else 1)))])
    assert (found.evidence[0].before, found.evidence[0].after) == ("", "")


DATA = base64.b64encode(NOTE.encode()).decode()
LATIN = base64.b64encode(("é" + NOTE).encode("latin-1")).decode()


@pytest.mark.parametrize(
    "record",
    [
        {"resourceType": "DocumentReference", "content": [{"attachment": {"data": "AAAA"}}, {"attachment": {"data": DATA}}]},
        {"resourceType": "DocumentReference", "content": [{"attachment": {"data": "/w=="}}, {"attachment": {"data": DATA}}]},
        {"resourceType": "Communication", "payload": [{"contentString": "Hello."}, {"contentString": NOTE}]},
        {"resourceType": "Communication", "payload": [{"contentAttachment": {"data": DATA}}]},
    ],
)
def test_a_text_in_a_record_is_found_again(tmp_path, record):
    path = tmp_path / "records.ndjson"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    (found,) = with_context([patient_of(row("a", noted(path, 1)))])
    assert found.evidence[0].after.startswith(" since this morning")


def test_a_text_in_another_charset_is_counted_in_its_characters(tmp_path):
    path = tmp_path / "records.ndjson"
    content = [{"attachment": {"contentType": "text/plain; charset=iso-8859-1", "data": LATIN}}]
    path.write_text(json.dumps({"resourceType": "DocumentReference", "content": content}) + "\n", encoding="utf-8")
    (found,) = with_context([patient_of(row("a", noted(path, 1, text="é" + NOTE)))])
    assert found.evidence[0].after.startswith(" since this morning")
