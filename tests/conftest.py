"""What every test shares: the shipped protocol is read from its files once in each process that tests.

A protocol is frozen: no test can change it for another. What is made of it, its lexicon or its other language, is kept with it.
"""

from functools import cache
from pathlib import Path

import equina.protocol as protocols

_read = protocols.load
_shipped = cache(lambda language: _read(protocols.SHIPPED, language))


def _read_once(folder=protocols.SHIPPED, language=protocols.ORIGINAL):
    return _shipped(language) if Path(folder) == Path(protocols.SHIPPED) else _read(folder, language)


protocols.load = _read_once


def pytest_collection_modifyitems(items):
    """What takes minutes comes first: one process is at it while the others do the rest."""
    items.sort(key=lambda item: item.path.name != "test_spark.py")
