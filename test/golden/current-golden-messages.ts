/** The golden bytes of every message as this version of the schema writes it, in the order of the schema. */
import { messages } from '../../src/wire/schema.js';
import { type GoldenMessage, goldenMessages } from './wire-golden-messages.js';
import { goldenMessagesOfVersion2 } from './wire-golden-messages-v2.js';

const CHANGED = new Map(goldenMessagesOfVersion2.map((golden) => [golden.name, golden]));
const UNCHANGED = new Map(goldenMessages.map((golden) => [golden.name, golden]));

/** The same bytes, said to be of version 2. */
function inVersion2(golden: GoldenMessage): GoldenMessage {
  return { ...golden, sbeHeader: golden.sbeHeader.replace(/0100$/, '0200') };
}

export const currentGoldenMessages: readonly GoldenMessage[] = messages.flatMap(({ name }) => {
  const changed = CHANGED.get(name);
  if (changed !== undefined) return [changed];
  const unchanged = UNCHANGED.get(name);
  return unchanged === undefined ? [] : [inVersion2(unchanged)];
});
