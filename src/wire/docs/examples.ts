/** The worked examples of src/wire/README.md: a newOrder frame, and a logon with a test key. */
import { OrderType, Side, TimeInForce } from '../../core/codes.js';
import { logonBytes } from '../logon-bytes.js';
import { encodeFrame } from '../sbe-frames.js';
import { hexOf, renderHexdump } from './hexdump.js';

/** Signs with Ed25519; the examples are rendered where a crypto library is at hand. */
export type Sign = (message: Uint8Array) => Uint8Array;

/** Secret key of the first Ed25519 test vector of RFC 8032: known to everybody, for examples only. */
export const TEST_SECRET_KEY = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
export const TEST_PUBLIC_KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';

const CHALLENGE = {
  nonce: Uint8Array.from({ length: 32 }, (_, i) => i),
  clusterId: 0x1122_3344_5566_7788n,
  epoch: 3,
  isPrimary: 1,
};
const API_KEY_ID = 7;
const TIMESTAMP_US = 1_767_225_600_000_000;

function block(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\`\n`;
}

/** A limit order to buy, as one frame. */
export function renderNewOrderExample(): string {
  const frame = encodeFrame('newOrder', {
    clientSequence: 42,
    clientOrderId: 17n,
    instrumentId: 1,
    priceTicks: 58_533,
    quantityLots: 100,
    side: Side.buy,
    orderType: OrderType.limit,
    timeInForce: TimeInForce.GTC,
  });
  return block(renderHexdump(frame));
}

/** A challenge, the bytes that are signed for it, and the logon that answers it. */
export function renderLogonExample(sign: Sign): string {
  const signed = logonBytes(CHALLENGE.clusterId, CHALLENGE.nonce, API_KEY_ID, TIMESTAMP_US);
  const logon = encodeFrame('logon', {
    timestampUs: TIMESTAMP_US,
    lastReportSequence: -1,
    apiKeyId: API_KEY_ID,
    signature: sign(signed),
  });
  const parts: readonly (readonly [from: number, to: number, text: string])[] = [
    [0, 6, '"LOGON1"'],
    [6, 14, 'clusterId of the challenge, u64'],
    [14, 30, 'nonce of the challenge'],
    [30, 46, ''],
    [46, 50, `apiKeyId = ${API_KEY_ID}, u32`],
    [50, 58, `timestampUs = ${TIMESTAMP_US}, i64`],
  ];
  const signedLines = parts.map(([from, to, text]) => {
    const bytes = hexOf(signed.subarray(from, to)).padEnd(47);
    return `${from.toString(16).padStart(4, '0')}  ${bytes}  ${text}`.trimEnd();
  });
  return [
    'The key pair is the first test vector of RFC 8032, known to everybody and good for nothing else:',
    '',
    `- secret \`${TEST_SECRET_KEY}\``,
    `- public \`${TEST_PUBLIC_KEY}\``,
    '',
    'The gateway sends `logonChallenge`:',
    '',
    block(renderHexdump(encodeFrame('logonChallenge', CHALLENGE))),
    'The client signs these 58 bytes:',
    '',
    block(signedLines.join('\n')),
    'and sends `logon`; the frame ends with the signature:',
    '',
    block(renderHexdump(logon)),
  ].join('\n');
}
