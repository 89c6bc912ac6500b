import { decodeMsgpackFrame } from '../wire/msgpack-decoder.js';
import { sbeToMsgpack } from '../wire/msgpack-encoder.js';
import { type DecodedMessage, decodeFrames } from '../wire/sbe-frames.js';
import { SUBPROTOCOL_MSGPACK, SUBPROTOCOL_SBE } from '../wire/schema.js';

/** One of the two encodings of frames. The client works with SBE messages; they are rewritten on the way out. */
export interface FrameFormat {
  readonly subprotocol: string;
  /** A frame to send, of SBE messages. */
  outbound(sbe: Uint8Array): Uint8Array;
  /** The messages of a frame received. */
  decode(frame: Uint8Array): DecodedMessage[];
}

/** The encoding by its short name. */
export function frameFormat(name: 'sbe' | 'msgpack'): FrameFormat {
  if (name === 'sbe') {
    return { subprotocol: SUBPROTOCOL_SBE, outbound: (sbe) => sbe, decode: decodeFrames };
  }
  return {
    subprotocol: SUBPROTOCOL_MSGPACK,
    outbound: (sbe) => sbeToMsgpack(sbe, 0, sbe.length),
    decode: decodeMsgpackFrame,
  };
}
