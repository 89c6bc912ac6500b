import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { TEST_PUBLIC_KEY, TEST_SECRET_KEY } from '../../src/wire/docs/examples.js';
import { renderFieldTypes } from '../../src/wire/docs/field-types.js';
import { renderReadme } from '../../src/wire/docs/readme.js';
import { renderSbeXml } from '../../src/wire/docs/sbe-xml.js';
import { logonBytes } from '../../src/wire/logon-bytes.js';
import { decodeMsgpackFrame } from '../../src/wire/msgpack-decoder.js';
import { decodeFrames } from '../../src/wire/sbe-frames.js';
import { currentGoldenMessages } from '../golden/golden-messages.js';

const REMEDY = 'npm run gen rewrites it';

function checkedIn(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../src/wire/${name}`, import.meta.url)), 'utf8');
}

const pkcs8 = Buffer.from(`302e020100300506032b657004220420${TEST_SECRET_KEY}`, 'hex');
const testKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });

describe('what is generated from the schema is checked in as it would be generated now', () => {
  it('message-fields.ts', () => {
    expect(checkedIn('message-fields.ts'), REMEDY).toBe(renderFieldTypes());
  });

  it('ringfence.sbe.v1.xml', () => {
    expect(checkedIn('ringfence.sbe.v1.xml'), REMEDY).toBe(renderSbeXml());
  });

  it('the tables and examples of README.md', () => {
    const readme = checkedIn('README.md');
    expect(readme, REMEDY).toBe(renderReadme(readme, (message) => sign(null, message, testKey)));
  });

  it('and a README without the marks is an error, not an empty page', () => {
    const readme = checkedIn('README.md').replace('<!-- end: events -->', '');
    expect(() => renderReadme(readme, () => new Uint8Array(64))).toThrow('"events"');
  });
});

/** Bytes of the hexdump that stands first behind `heading`. */
function dumpBehind(heading: string): Uint8Array {
  const readme = checkedIn('README.md');
  const from = readme.indexOf('```text\n', readme.indexOf(heading)) + '```text\n'.length;
  const lines = readme.slice(from, readme.indexOf('\n```', from)).split('\n');
  return Buffer.from(lines.map((line) => line.slice(6, 54).replaceAll(' ', '')).join(''), 'hex');
}

describe('the examples of README.md', () => {
  it('the order reads the same as SBE and as MessagePack', () => {
    const frame = decodeFrames(dumpBehind('<!-- generated: newOrder -->'));
    const readme = checkedIn('README.md');
    const from = readme.indexOf('```json\n', readme.indexOf('As a MessagePack map')) + '```json\n'.length;
    const map: unknown = JSON.parse(readme.slice(from, readme.indexOf('```', from)));
    expect(decodeMsgpackFrame(new Packr({ useRecords: false }).pack(map))).toEqual(frame);
  });

  it('the logon answers the challenge with a signature that its public key verifies', () => {
    const [challenge] = decodeFrames(dumpBehind('The gateway sends `logonChallenge`:\n'));
    const [logon] = decodeFrames(dumpBehind('and sends `logon`;'));
    if (challenge?.name !== 'logonChallenge' || logon?.name !== 'logon') throw new Error('not a logon');
    const { clusterId, nonce } = challenge.fields;
    const { apiKeyId, timestampUs, signature } = logon.fields;
    const signed = logonBytes(clusterId, nonce, apiKeyId, timestampUs);
    expect(Buffer.from(signed)).toEqual(dumpBehind('The client signs these 58 bytes:'));
    const spki = Buffer.from(`302a300506032b6570032100${TEST_PUBLIC_KEY}`, 'hex');
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, signed, publicKey, signature)).toBe(true);
    signed[20]! ^= 1;
    expect(verify(null, signed, publicKey, signature)).toBe(false);
  });
});

interface XmlField {
  readonly name: string;
  readonly size: number;
  readonly offset: number;
}

interface XmlMessage {
  readonly id: number;
  readonly blockLength: number;
  readonly fields: readonly XmlField[];
}

function attribute(tag: string, name: string): string {
  const found = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
  if (found === undefined) throw new Error(`no ${name} in ${tag}`);
  return found;
}

/** Reads the XML as a generator would: types first, then the fields that refer to them. */
function readXml(xml: string): Map<string, XmlMessage> {
  const sizes = new Map([
    ['char', 1],
    ['uint8', 1],
    ['int8', 1],
    ['uint16', 2],
    ['uint32', 4],
    ['int32', 4],
    ['int64', 8],
    ['uint64', 8],
  ]);
  for (const [tag] of xml.matchAll(/<type [^>]*length[^>]*>/g)) {
    const primitive = sizes.get(attribute(tag, 'primitiveType'))!;
    sizes.set(attribute(tag, 'name'), primitive * Number(attribute(tag, 'length')));
  }
  for (const [tag] of xml.matchAll(/<(enum|set) [^>]*>/g)) {
    sizes.set(attribute(tag, 'name'), sizes.get(attribute(tag, 'encodingType'))!);
  }
  const found = new Map<string, XmlMessage>();
  for (const [text] of xml.matchAll(/<sbe:message [\s\S]*?<\/sbe:message>/g)) {
    const head = text.slice(0, text.indexOf('>'));
    const fields = [...text.matchAll(/<field [^>]*>/g)].map(([tag]) => ({
      name: attribute(tag, 'name'),
      size: sizes.get(attribute(tag, 'type'))!,
      offset: Number(attribute(tag, 'offset')),
    }));
    const id = Number(attribute(head, 'id'));
    found.set(attribute(head, 'name'), { id, blockLength: Number(attribute(head, 'blockLength')), fields });
  }
  return found;
}

describe('the XML schema', () => {
  const xmlMessages = readXml(checkedIn('ringfence.sbe.v1.xml'));

  it.each(currentGoldenMessages)('places the fields of $name where the golden bytes have them', (golden) => {
    const xmlMessage = xmlMessages.get(golden.name)!;
    const header = Buffer.from(golden.sbeHeader.replaceAll(' ', ''), 'hex');
    expect([xmlMessage.blockLength, xmlMessage.id]).toEqual([header.readUInt16LE(0), header.readUInt16LE(2)]);
    const inBody = xmlMessage.fields.slice(-golden.body.length);
    let offset = xmlMessage.blockLength - golden.body.reduce((sum, [, hex]) => sum + hex.length / 2, 0);
    for (const [i, [name, hex]] of golden.body.entries()) {
      expect(inBody[i]).toEqual({ name, size: hex.length / 2, offset });
      offset += hex.length / 2;
    }
    const isEvent = xmlMessage.id > 200 && xmlMessage.id < 400;
    expect(xmlMessage.fields.slice(0, -golden.body.length)).toEqual(
      isEvent
        ? [
            { name: 'sequence', size: 8, offset: 0 },
            { name: 'timestampUs', size: 8, offset: 8 },
            { name: 'index', size: 4, offset: 16 },
            { name: 'sessionId', size: 4, offset: 20 },
          ]
        : [],
    );
  });
});
