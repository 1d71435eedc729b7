"""Every package of the locks has a licence that is allowed or explained, and the page says so as it is now."""

from importlib.metadata import distribution, distributions

import pytest

from licences import BY_HAND, EXPLAINED, PAGE, allowed, kept, licence_of, node_packages, packages, page

LOCKED = [package.name for package in packages()]
HERE = {each.metadata["Name"].lower().replace("_", "-").replace(".", "-") for each in distributions()}


def test_the_locks_were_read():
    assert {"starlette", "z3-solver", "mcp", "pyspark", "typst", "duckdb", "sphinx", "atheris", "hatchling"} <= set(LOCKED)
    assert all(package.versions and package.extras for package in packages())
    extras = {package.name: package.extras for package in packages()}
    assert extras["z3-solver"] == ("proofs",)
    assert extras["httptools"] == ("mcp", "service")  # of uvicorn, which both ask for
    assert extras["hatchling"] == ("build",)
    assert extras["duckdb"] == ("bench",)


def test_every_package_has_a_licence_and_no_other_does():
    assert set(LOCKED) == set(kept())


@pytest.mark.parametrize("name", LOCKED)
def test_the_licence_is_allowed_or_explained(name):
    assert allowed(name, kept()[name]), (
        f"{name}: {kept()[name]} is not in ALLOWED; explain it in tests/licences.py or do without it"
    )


@pytest.mark.parametrize(("lock", "name", "licence"), sorted({(lock, name, licence) for lock, name, _, licence in node_packages()}))
def test_what_comes_from_npm_is_allowed_or_explained(lock, name, licence):
    assert allowed(name, licence.replace("(", "").replace(")", "")), f"{name} of {lock}: {licence}"


@pytest.mark.parametrize("name", [name for name in LOCKED if name in HERE and name not in BY_HAND])
def test_what_is_installed_says_the_same(name):
    assert licence_of(distribution(name)) == kept()[name], "python tests/licences.py --from .venv reads it again"


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-only", False),
        ("MPL-2.0", False),
        ("MIT AND Zlib", True),
        ("", False),
    ],
)
def test_of_alternatives_one_is_enough_and_of_parts_all_count(expression, fine):
    assert allowed("a package", expression) is fine


def test_nothing_is_explained_that_is_not_there():
    named = {name for _, name, *_ in node_packages()} | set(LOCKED)
    assert set(EXPLAINED) <= named


def test_the_page_is_fresh():
    assert PAGE.read_text("utf-8") == page(), "make licences writes it again"
