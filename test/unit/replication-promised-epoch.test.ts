import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PromisedEpoch } from '../../src/replication/promised-epoch.js';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ringfence-promise-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('promised epoch', () => {
  it('is 0 before any promise, and nothing is written for that', () => {
    expect(PromisedEpoch.open(dataDir).epoch).toBe(0);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('survives a restart, in a file that only its owner can read', () => {
    const promise = PromisedEpoch.open(dataDir);
    promise.raise(7);
    expect(promise.epoch).toBe(7);
    expect(PromisedEpoch.open(dataDir).epoch).toBe(7);
    expect(statSync(join(dataDir, 'promised-epoch.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(dataDir)).toEqual(['promised-epoch.json']);
    expect(JSON.parse(readFileSync(join(dataDir, 'promised-epoch.json'), 'utf8'))).toEqual({
      promisedEpoch: 7,
    });
  });

  it('never lowers', () => {
    const promise = PromisedEpoch.open(dataDir);
    promise.raise(7);
    expect(() => promise.raise(6)).toThrow(/lower than the promised 7/);
    expect(promise.epoch).toBe(7);
    expect(PromisedEpoch.open(dataDir).epoch).toBe(7);
    promise.raise(7);
    promise.raise(8);
    expect(PromisedEpoch.open(dataDir).epoch).toBe(8);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32])('%d is not an epoch', (epoch) => {
    expect(() => PromisedEpoch.open(dataDir).raise(epoch)).toThrow(RangeError);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('is not made when it cannot be written', () => {
    const promise = PromisedEpoch.open(join(dataDir, 'missing'));
    expect(() => promise.raise(3)).toThrow(/ENOENT/);
    expect(promise.epoch).toBe(0);
  });

  it.each([
    ['cut short', '{"promisedEp'],
    ['empty', ''],
    ['null', 'null'],
    ['without the field', '{}'],
    ['with a string', '{"promisedEpoch":"7"}'],
    ['negative', '{"promisedEpoch":-1}'],
    ['with a fraction', '{"promisedEpoch":1.5}'],
  ])('a file that is %s stops the start, and is named', (_name, text) => {
    const path = join(dataDir, 'promised-epoch.json');
    writeFileSync(path, text);
    expect(() => PromisedEpoch.open(dataDir)).toThrow(
      expect.objectContaining({ code: 'PROMISED_EPOCH_CORRUPT', message: expect.stringContaining(path) }),
    );
  });

  it('a temporary file that a crash left behind changes nothing', () => {
    PromisedEpoch.open(dataDir).raise(7);
    const temporary = join(dataDir, 'promised-epoch.json.tmp');
    writeFileSync(temporary, '{"promisedEpoch":99', { mode: 0o644 });
    chmodSync(temporary, 0o644);
    const promise = PromisedEpoch.open(dataDir);
    expect(promise.epoch).toBe(7);
    promise.raise(8);
    expect(PromisedEpoch.open(dataDir).epoch).toBe(8);
    expect(existsSync(temporary)).toBe(false);
    expect(statSync(promise.path).mode & 0o777).toBe(0o600);
  });
});
