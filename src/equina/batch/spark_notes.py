"""The reader over a column of texts in Spark: what `equina read` says of each, in batches that go through Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from equina.batch.spark_tasks import faultless, protocol_of
from equina.model import Protocol
from equina.notes.lexicon import lexicon
from equina.notes.reading import Mention, read

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["with_mentions"]

_PARTS = ("finding", "start", "end", "quote", "assertion", "onset")
_MENTION = pa.struct([(name, pa.int32() if name in ("start", "end") else pa.string()) for name in _PARTS])


def with_mentions(frame: DataFrame, protocol: Protocol, text: str = "text") -> DataFrame:
    """The frame with what the reader finds in its column of texts.

    `mentions`: finding, start and end in code points, quote, assertion and onset of each. `refused`: why a text was not read at
    all, which is never "nothing found"; null when it was.
    """
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import StructType

    folder, digest = protocol.folder, protocol.digest
    more = pa.schema([("mentions", pa.list_(_MENTION)), ("refused", pa.string())])

    def reading(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return faultless(lambda: told(batches))

    def told(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        words = lexicon(protocol_of(folder, digest))
        for batch in batches:
            found = [read(words, each or "") for each in batch.column(text).to_pylist()]
            mentions = pa.array([[_told(mention) for mention in each.mentions] for each in found], more.field("mentions").type)
            refused = pa.array([each.refused for each in found], pa.string())
            yield pa.RecordBatch.from_arrays([*batch.columns, mentions, refused], [*batch.schema.names, *more.names])

    return frame.mapInArrow(reading, StructType([*frame.schema.fields, *from_arrow_schema(more).fields]))


def _told(mention: Mention) -> dict[str, object]:
    return {name: getattr(mention, name) for name in _PARTS}
