"""The definitions of the protocol as FHIR R4, and as a package: `equina export`."""

import json
import re
import tarfile

import pytest

from equina.cli import main
from equina.fhir.definitions import definitions, package, write
from equina.locale import localized
from equina.logic import parse
from strategies import PROTOCOL

MADE = definitions(PROTOCOL, [localized(PROTOCOL, "es")])
BY_KIND = {made["resourceType"]: made for made in MADE}
SYSTEMS = {made["url"]: {concept["code"] for concept in made["concept"]} for made in MADE if made["resourceType"] == "CodeSystem"}


def elements(value):
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from elements(each)
    elif isinstance(value, list):
        for each in value:
            yield from elements(each)


@pytest.mark.parametrize("made", MADE, ids=[made["id"] for made in MADE])
def test_a_definition_is_a_draft_with_a_kebab_id(made):
    assert re.fullmatch("[a-z0-9-]{1,64}", made["id"])
    assert made["url"].endswith(f"/{made['resourceType']}/{made['id']}")
    assert (made["status"], made["experimental"], made["version"]) == ("draft", True, PROTOCOL.version)
    assert "clinician" in made["description"]


def test_each_code_that_is_used_is_defined():
    coded = [each for each in elements(list(MADE)) if "code" in each and str(each.get("system")).startswith("https://equina")]
    assert coded
    assert all(each["code"] in SYSTEMS[each["system"]] for each in coded)


def test_the_plan_has_each_rule_worst_first_and_its_condition_reads_back():
    actions = BY_KIND["PlanDefinition"]["action"]
    assert {action["title"] for action in actions} == set(PROTOCOL.rules)
    ranks = [PROTOCOL.rules[action["title"]].rank for action in actions]
    assert ranks == sorted(ranks, reverse=True)
    for action in actions:
        assert parse(action["condition"][0]["expression"]["expression"]) == PROTOCOL.rules[action["title"]].when


def test_the_library_carries_the_digest_and_the_files():
    library = BY_KIND["Library"]
    assert library["identifier"][0]["value"] == PROTOCOL.digest
    assert {"rules.toml", "findings.toml"} <= {each["title"] for each in library["content"]}


def test_no_snomed_text_is_in_it():
    assert "snomed" not in json.dumps([made for made in MADE if made["resourceType"] != "Library"]).lower()


def test_the_package_is_the_same_bytes_each_time(tmp_path):
    files = package(PROTOCOL, MADE)
    for name in ("a.tgz", "b.tgz"):
        write(files, tmp_path / name)
    assert (tmp_path / "a.tgz").read_bytes() == (tmp_path / "b.tgz").read_bytes()


def test_export_writes_a_package_or_a_folder_and_overwrites_nothing(tmp_path, capsys):
    packed, folder = tmp_path / "p.tgz", tmp_path / "p"
    assert main(["export", "--out", str(packed)]) == 0
    assert main(["export", "--out", str(folder)]) == 0
    with tarfile.open(packed) as tar:
        names = {name.removeprefix("package/") for name in tar.getnames()}
        manifest = json.load(tar.extractfile("package/package.json"))
    assert names == {path.name for path in folder.iterdir()}
    assert (manifest["name"], manifest["fhirVersions"]) == ("equina.back-pain", ["4.0.1"])
    assert {each["filename"] for each in json.loads((folder / ".index.json").read_text())["files"]} < names
    assert main(["export", "--out", str(packed)]) == 2
    assert main(["export", "--out", str(folder)]) == 2
    assert "give a new name" in capsys.readouterr().err
