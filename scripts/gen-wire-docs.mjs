// Rewrites the generated files of src/wire from the compiled schema: run `npm run gen` after a change of schema.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderFieldTypes } from '../dist/src/wire/docs/field-types.js';

const wire = (name) => fileURLToPath(new URL(`../src/wire/${name}`, import.meta.url));

function rewrite(path, text) {
  if (readFileSync(path, 'utf8') === text) return;
  writeFileSync(path, text);
  console.log(`wrote ${path}`);
}

rewrite(wire('message-fields.ts'), renderFieldTypes());
