// Answers the cases of bench/run.py with cql-execution: one JSON message a line in, one answer a line out.
// The first message is {libraries: {rules, levels}, rules: {id: disposition}, cases: [{leaf: true | false | null}]},
// each further one {run: "rules"} (every rule is worked out) or {run: "levels"} (it stops at the first rule that decides).

import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import cql from 'cql-execution';

const LEVELS = ['self_care', 'scheduled', 'urgent', 'emergency'];

// The data is all in the parameters; the patient is there since each definition belongs to one.
async function evaluate(library, values, expression) {
  const executor = new cql.Executor(library, null, values);
  const patient = new cql.PatientSource([{ id: 'case' }]);
  const results = expression ? await executor.exec_expression(expression, patient) : await executor.exec(patient);
  return results.patientResults.case;
}

async function fromRules(library, ranks, values) {
  const results = await evaluate(library, values);
  let low = 0;
  let high = 0;
  for (const [id, rank] of ranks) {
    if (results[id] === true && rank > low) low = rank;
    if (results[id] !== false && rank > high) high = rank;
  }
  return [LEVELS[low], LEVELS[high]];
}

async function fromLevels(library, values) {
  const { low, high } = (await evaluate(library, values, 'levels')).levels;
  return [low, high];
}

let cases;
let ranks;
let libraries;

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.cases) {
    cases = message.cases;
    ranks = Object.entries(message.rules).map(([id, level]) => [id, LEVELS.indexOf(level)]);
    libraries = Object.fromEntries(Object.entries(message.libraries).map(([name, elm]) => [name, new cql.Library(elm)]));
    console.log(JSON.stringify({ loaded: cases.length }));
    continue;
  }
  const library = libraries[message.run];
  const intervals = [];
  const start = performance.now();
  for (const values of cases) {
    intervals.push(message.run === 'rules' ? await fromRules(library, ranks, values) : await fromLevels(library, values));
  }
  console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000, intervals }));
}
