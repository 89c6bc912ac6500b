import { describe, expect, it } from 'vitest';
import { RejectCode } from '../../src/core/codes.js';
import { rejectText } from '../../src/wire/reject-text.js';
import { messageByName } from '../../src/wire/schema.js';

const textBytes = messageByName('sessionReject').fields.find(({ name }) => name === 'text')!.size;

describe('the text of a reject code', () => {
  it.each(Object.entries(RejectCode))('%s fits into sessionReject.text and is a sentence', (_, code) => {
    expect(rejectText(code)).toMatch(/^[A-Za-z][ -~]*\.$/);
    expect(rejectText(code).length).toBeLessThanOrEqual(textBytes);
  });

  it('is no other code’s', () => {
    const texts = Object.values(RejectCode).map(rejectText);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('of a code that is not known says so', () => {
    expect(rejectText(9999)).toContain('does not know');
    expect(rejectText(9999).length).toBeLessThanOrEqual(textBytes);
  });
});
