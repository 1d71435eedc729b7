"""fhir4ds-v2 on one rule of the protocol, as CQL: retention within the window, and back pain at any time, of one patient.

    peer_fhir4ds.py FOLDER AS_OF    a JSON object: processor seconds to load and to judge, patients, how many were found

It runs in an environment of its own (bench/reading/environments.py fhir4ds); nothing of Equina imports it.
"""

import json
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import fhir4ds

LIBRARY = """\
library Retention version '1'
using FHIR version '4.0.1'
codesystem "ICD": 'http://hl7.org/fhir/sid/icd-10-cm'
code "Low back pain": 'M54.50' from "ICD"
code "Dorsalgia": 'M54.9' from "ICD"
code "Retention": 'R33.9' from "ICD"
parameter "Episode" Interval<DateTime>
context Patient
define "Retained": exists ([Condition: "Retention"] C where C.recordedDate in "Episode")
define "Back pain": exists ([Condition: "Low back pain"]) or exists ([Condition: "Dorsalgia"])
define "Emergency": "Retained" and "Back pain"
"""


def main() -> None:
    """Load the files of the folder, judge, and tell."""
    folder, as_of = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    connection = fhir4ds.create_connection()
    connection.execute("SET threads=2")
    loader = fhir4ds.FHIRDataLoader(connection)
    began = time.process_time()
    for path in sorted(folder.glob("*.ndjson")):
        loader.load_ndjson(path)
    loaded = time.process_time()
    with tempfile.TemporaryDirectory() as own:
        library = Path(own) / "Retention.cql"
        library.write_text(LIBRARY, "utf-8")
        episode = ((as_of - timedelta(days=30)).isoformat(), as_of.isoformat())
        found = fhir4ds.evaluate_measure(
            library, connection, output_columns={"emergency": "Emergency"}, parameters={"Episode": episode}
        )
    judged = time.process_time()
    told = {"load": loaded - began, "judge": judged - loaded, "patients": len(found), "found": int(found["emergency"].sum())}
    print(json.dumps(told | {"version": fhir4ds.__version__}))


if __name__ == "__main__":
    main()
