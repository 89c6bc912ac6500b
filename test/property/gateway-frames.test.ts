import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Permission } from '../../src/core/codes.js';
import { encodeMsgpackFrame } from '../../src/wire/msgpack-encoder.js';
import { decodeFrames, encodeFrame } from '../../src/wire/sbe-frames.js';
import { messages } from '../../src/wire/schema.js';
import { GatewayRig, join } from '../support/gateway/gateway-rig.js';

const SEED = Number(process.env.RINGFENCE_SEED ?? 20_260_801);
const ACCOUNT = 77;

const validMessage = fc.constantFrom(...messages).map(({ name }) => encodeFrame(name, {}));
const brokenFrame = fc
  .tuple(
    fc.array(validMessage, { maxLength: 4 }),
    fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }),
    fc.nat(400),
  )
  .map(([parts, edits, length]) => {
    const frame = join(...parts);
    for (const [at, value] of edits) if (at < frame.length) frame[at] = value;
    return frame.subarray(0, length);
  });
const anyFrame = fc.oneof(fc.uint8Array({ maxLength: 400 }), brokenFrame);

describe('whatever bytes a client sends', () => {
  test.each([
    ['SBE', false],
    ['MessagePack', true],
  ])(
    'as %s, the gateway goes on, and only commands of its own account and session get through',
    async (_name, isMsgpack) => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyFrame, { minLength: 1, maxLength: 8 }), async (frames) => {
          const rig = new GatewayRig({ reportRetention: 16 });
          rig.open();
          const pair = rig.registerKey(5, ACCOUNT);
          const session = rig.connect(Permission.trade, isMsgpack);
          const logon = rig.logonFrame(session, 5, pair);
          rig.gateway.receive(session, isMsgpack ? encodeMsgpackFrame(decodeFrames(logon)) : logon, true);
          expect(session.isAdmitted).toBe(true);
          for (const frame of frames) rig.gateway.receive(session, frame, true);
          await rig.turn();
          for (const command of rig.commands()) {
            expect([command.accountId, command.sessionId]).toEqual([ACCOUNT, 5]);
            const { sender } = messages.find(({ name }) => name === command.name)!;
            expect(sender).toBe('trade');
          }
          rig.pass(50);
        }),
        { seed: SEED, numRuns: 400 },
      );
    },
  );
});
