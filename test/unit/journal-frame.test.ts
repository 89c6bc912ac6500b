import { describe, expect, test } from 'vitest';
import {
  FRAME_HEADER_WORDS,
  FrameWord,
  isKnownFrame,
  RECORD_WORDS,
  type RecordSurvey,
  surveyRecords,
} from '../../journal/frame.js';
import { writeInt64 } from '../../src/base/int64.js';
import { HeaderWord, packTemplate } from '../../src/wire/slot.js';

const AT = 4;
const TWO_32 = 4294967296;
const HEADER_BYTES = FRAME_HEADER_WORDS * 4;

/** A frame at word AT whose records have these versions, numbered from `first` on. */
function frameOf(versions: readonly number[], first: number, type = 1): Int32Array {
  const words = new Int32Array(AT + FRAME_HEADER_WORDS + versions.length * RECORD_WORDS);
  words[AT] = HEADER_BYTES + versions.length * RECORD_WORDS * 4;
  words[AT + FrameWord.type] = type;
  writeInt64(words, AT + FrameWord.firstSequence, first);
  for (const [i, version] of versions.entries()) {
    const record = AT + FRAME_HEADER_WORDS + i * RECORD_WORDS;
    words[record] = packTemplate(1 + i, version, 0xff);
    writeInt64(words, record + HeaderWord.sequence, first + i);
  }
  return words;
}

function surveyOf(words: Int32Array): RecordSurvey {
  const survey = { oldestVersion: 7, newestVersion: 7, isDense: false };
  surveyRecords(words, AT, survey);
  return survey;
}

describe('a survey of the records of a frame', () => {
  test.each([
    [[1], 1, 1],
    [[1, 1, 1], 1, 1],
    [[1, 0, 1], 0, 1],
    [[0, 0, 2, 1], 0, 2],
    [[3, 200, 2], 2, 200],
    [[], 255, 0],
  ])('of versions %j', (versions, oldestVersion, newestVersion) => {
    expect(surveyOf(frameOf(versions, 1))).toEqual({ oldestVersion, newestVersion, isDense: true });
  });

  test.each([1, 2 ** 31 - 2, 2 ** 31, TWO_32 - 3, TWO_32, 5 * TWO_32 - 2])(
    'knows sequences that do not follow each other, from %d on',
    (first) => {
      const words = frameOf([1, 1, 1, 1, 1], first);
      expect(surveyOf(words).isDense).toBe(true);
      for (let i = 0; i < 5; i++) {
        for (const wrong of [first + i - 1, first + i + 1, first + i + TWO_32]) {
          const record = AT + FRAME_HEADER_WORDS + i * RECORD_WORDS;
          writeInt64(words, record + HeaderWord.sequence, wrong);
          expect(surveyOf(words).isDense).toBe(false);
          writeInt64(words, record + HeaderWord.sequence, first + i);
        }
      }
    },
  );
});

describe('a known frame', () => {
  test.each([
    [0, [], false],
    [0, [1], false],
    [1, [], false],
    [1, [1], true],
    [2, [], true],
    [2, [1], false],
    [3, [], true],
    [3, [1], false],
    [4, [], false],
    [4, [1], false],
  ])('of type %d with records of versions %j: %s', (type, versions, isKnown) => {
    expect(isKnownFrame(frameOf(versions, 1, type), AT)).toBe(isKnown);
  });
});
