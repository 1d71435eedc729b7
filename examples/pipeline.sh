#!/bin/sh
# From notes to the list of whom to call: what each note says, what each case needs, the whole population screened, the emergencies.
#   examples/pipeline.sh [NOTES [FOLDER]]       made-up notes and a new folder, where none are named
# EQUINA names another command, such as .venv/bin/equina. Needs the extra: batch.
set -eu
umask 077  # what is written here is about patients

equina=${EQUINA:-equina}
notes=${1:-$(dirname "$0")/notes.jsonl}
out=${2:-$(mktemp -d)}
mkdir -p "$out"

"$equina" read "$notes" >"$out/mentions.jsonl"            # each finding with its words and where they stand
"$equina" triage "$notes" >"$out/answers.jsonl"           # one case at a time: level, reasons, what to ask next
"$equina" screen "$notes" --out "$out/run" --quiet        # all of them: joined by patient, a row each
"$equina" worklist "$out/run" --level emergency --context --html "$out/emergencies.html" --csv "$out/emergencies.csv" --force >"$out/expect.txt"
"$equina" worklist "$out/run" --level emergency --context # whom to call, most pressing first
