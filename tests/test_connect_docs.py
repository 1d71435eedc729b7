"""What docs/connect.md shows is true: its snippets are run against `equina serve`, and against a small record server of our own."""

from __future__ import annotations

import http.server
import json
import re
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from snippets import named, runs, serving, snippets

SNIPPETS = snippets("connect.md")
SANDBOX = "https://r4.smarthealthit.org"
SUBJECT = {"reference": "Patient/p1"}
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RECORD = {
    "Patient": [{"resourceType": "Patient", "id": "p1", "birthDate": "1980-05-05", "gender": "female"}],
    "Condition": [
        {
            "resourceType": "Condition",
            "id": id,
            "subject": SUBJECT,
            "recordedDate": "2026-11-22",
            "code": {"coding": [{"system": ICD, "code": code}]},
        }
        for id, code in (("c1", "M54.50"), ("c2", "R33.9"), ("c3", "I10"))
    ],
}


class RecordServer(http.server.BaseHTTPRequestHandler):
    """Searches by patient, two resources a page, and transactions, as an open sandbox answers them."""

    transactions: list = []  # noqa: RUF012  (what was sent, for the tests to look at)

    def do_GET(self):
        address = urlsplit(self.path)
        kind, _, id = address.path.strip("/").partition("/")
        if id:
            self.answer(next(each for each in RECORD[kind] if each["id"] == id))
            return
        page = int(parse_qs(address.query).get("page", ["0"])[0])
        found = RECORD.get(kind, [])
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in found[2 * page : 2 * page + 2]]}
        if len(found) > 2 * page + 2:
            here = f"http://127.0.0.1:{self.server.server_port}/{kind}?page={page + 1}"
            bundle["link"] = [{"relation": "next", "url": here}]
        self.answer(bundle)

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.transactions.append(sent)
        self.answer({"resourceType": "Bundle", "type": "transaction-response", "entry": [{} for _ in sent["entry"]]})

    def answer(self, resource):
        body = json.dumps(resource).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def sandbox():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), RecordServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("log") / "log") as address:
        yield address


@pytest.mark.parametrize("snippet", SNIPPETS, ids=named(SNIPPETS))
def test_the_snippet_runs(served, sandbox, snippet):
    RecordServer.transactions.clear()
    runs(snippet, served, others={SANDBOX: sandbox})
    for transaction in RecordServer.transactions:
        assert transaction["type"] == "transaction"
        assert all(
            entry["request"] == {"method": "POST", "url": entry["resource"]["resourceType"]} for entry in transaction["entry"]
        )
        told = json.dumps(transaction)
        addresses = {entry["fullUrl"] for entry in transaction["entry"]}
        assert set(re.findall(r'"reference": "(urn:uuid:[^"]*)"', told)) <= addresses


def test_the_page_has_snippets_of_both_kinds():
    assert {kind for kind, _, _ in SNIPPETS} == {"sh", "python"}
    assert sum(bool(prints) for _, _, prints in SNIPPETS) >= 6
