// Rewrites the generated files of src/wire from the compiled schema: run `npm run gen` after a change of schema.ts or
// of the codes it names.
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TEST_SECRET_KEY } from '../dist/src/wire/docs/examples.js';
import { renderFieldTypes } from '../dist/src/wire/docs/field-types.js';
import { renderReadme } from '../dist/src/wire/docs/readme.js';
import { renderSbeXml } from '../dist/src/wire/docs/sbe-xml.js';

// RFC 8410: what stands before the 32 bytes of an Ed25519 secret key in a PKCS #8 document.
const PKCS8_PREFIX = '302e020100300506032b657004220420';
const testKey = createPrivateKey({
  key: Buffer.from(PKCS8_PREFIX + TEST_SECRET_KEY, 'hex'),
  format: 'der',
  type: 'pkcs8',
});

function rewrite(name, render) {
  const path = fileURLToPath(new URL(`../src/wire/${name}`, import.meta.url));
  const before = readFileSync(path, 'utf8');
  const text = render(before);
  if (text === before) return;
  writeFileSync(path, text);
  console.log(`wrote src/wire/${name}`);
}

rewrite('message-fields.ts', renderFieldTypes);
rewrite('ringfence.sbe.v1.xml', renderSbeXml);
rewrite('README.md', (readme) => renderReadme(readme, (message) => sign(null, message, testKey)));
