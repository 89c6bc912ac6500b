/**
 * A market to trade on: an instrument with funded accounts and a logged-on session for each, set up over the wire by
 * an administrator. What demo, load, import and the end-to-end benchmark begin with.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { rawPublicKey } from '../../journal/raw-public-key.js';
import { RingfenceClient } from '../client/client.js';
import type { Signer } from '../client/signer.js';
import type { WebSocketConstructor } from '../client/web-socket-like.js';
import { Permission } from '../core/codes.js';

export const NODE_WEB_SOCKET = WebSocket as unknown as WebSocketConstructor;

/** The key of the first administrator is the first that a cluster registers. */
const FIRST_ADMIN_KEY_ID = 1;
const DECIMALS = 2;

export interface MarketOptions {
  /** Admin listeners of the nodes. */
  readonly adminUrls: readonly string[];
  /** Order-entry listeners of the nodes. */
  readonly urls: readonly string[];
  readonly adminKeyFile: string;
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tickSize: { readonly mantissa: number; readonly exponent: number };
  /** Number of the first account; an account that is there already is used as it is. */
  readonly firstAccount: number;
  readonly accounts: number;
  /** Whole units of quote and of base for each account. */
  readonly quoteFunds: number;
  readonly baseFunds: number;
  readonly subprotocol?: 'sbe' | 'msgpack';
}

export interface Market {
  readonly instrumentId: number;
  /** A session for each account, in order. */
  readonly sessions: readonly RingfenceClient[];
  close(): Promise<void>;
}

/** Sets the market up and logs its accounts on. Rejects with RingfenceError or ConnectionError. */
export async function openMarket(options: MarketOptions): Promise<Market> {
  const admin = await connectAdmin(options.adminUrls, options.adminKeyFile);
  const sessions: RingfenceClient[] = [];
  try {
    const instrumentId = await listOnce(admin, options);
    for (let i = 0; i < options.accounts; i++) {
      const accountId = options.firstAccount + i;
      await openFundedAccount(admin, accountId, options);
      sessions.push(await openSession(admin, accountId, options));
    }
    return {
      instrumentId,
      sessions,
      async close(): Promise<void> {
        await Promise.all(sessions.map((session) => session.close()));
      },
    };
  } catch (error) {
    await Promise.all(sessions.map((session) => session.close()));
    throw error;
  } finally {
    await admin.close();
  }
}

/** A session of the first administrator, whose private key is in a PEM file. */
export async function connectAdmin(urls: readonly string[], keyFile: string): Promise<RingfenceClient> {
  const admin = new RingfenceClient({
    urls,
    apiKeyId: FIRST_ADMIN_KEY_ID,
    signer: signerOf(createPrivateKey(readFileSync(keyFile))),
    webSocket: NODE_WEB_SOCKET,
  });
  await admin.connect();
  return admin;
}

async function listOnce(admin: RingfenceClient, options: MarketOptions): Promise<number> {
  const known = admin.instruments.get(options.symbol);
  if (known !== undefined) return known.instrumentId;
  const listed = await admin.listInstrument({
    symbol: options.symbol,
    base: options.base,
    quote: options.quote,
    tickMantissa: options.tickSize.mantissa,
    tickExponent: options.tickSize.exponent,
    lotMantissa: 1,
    lotExponent: 0,
    baseDecimals: 0,
    quoteDecimals: DECIMALS,
    marketProtectionPpm: 0,
  });
  return listed.fields.instrumentId;
}

async function openFundedAccount(
  admin: RingfenceClient,
  accountId: number,
  options: MarketOptions,
): Promise<void> {
  await admin.openAccount({ accountId }).catch((error: Error) => {
    if (error.name !== 'ACCOUNT_EXISTS') throw error;
  });
  const quote = options.quoteFunds * 10 ** DECIMALS;
  await admin.deposit({ accountId, asset: options.quote, amount: quote, transferId: randomId() });
  await admin.deposit({ accountId, asset: options.base, amount: options.baseFunds, transferId: randomId() });
}

async function openSession(
  admin: RingfenceClient,
  accountId: number,
  options: MarketOptions,
): Promise<RingfenceClient> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = rawPublicKey(publicKey);
  const key = await admin.registerApiKey({ accountId, permissions: Permission.trade, publicKey: raw });
  const session = new RingfenceClient({
    urls: options.urls,
    apiKeyId: key.fields.apiKeyId,
    signer: signerOf(privateKey),
    webSocket: NODE_WEB_SOCKET,
    ...(options.subprotocol === undefined ? {} : { subprotocol: options.subprotocol }),
  });
  await session.connect();
  return session;
}

function signerOf(privateKey: KeyObject): Signer {
  return (bytes) => sign(null, bytes, privateKey);
}

function randomId(): bigint {
  return randomBytes(8).readBigUInt64LE();
}
