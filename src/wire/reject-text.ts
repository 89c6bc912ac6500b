/** Reject codes in words, for people. Programs decide by the code. */
import { RejectCode, type RejectName } from '../core/codes.js';

/** What was wrong and what to do: printable ASCII, short enough for `sessionReject.text` (84 characters). */
export const REJECT_TEXT: Readonly<Record<RejectName, string>> = {
  MALFORMED_FRAME: 'The frame cannot be read; send whole messages in the agreed subprotocol.',
  UNKNOWN_TEMPLATE: 'Not a message that a client may send; check its template id or type.',
  UNSUPPORTED_SCHEMA: 'Schema id or version is not the one spoken here; use the published XML schema.',
  BAD_BLOCK_LENGTH: 'The block length is not that of the message in this version; check the schema.',
  TOO_MANY_MESSAGES: 'Too many messages in one frame; see maxMessagesPerFrame of logonAccepted.',
  BUSY: 'The exchange is full at the moment; nothing was done, send it again shortly.',
  RATE_LIMITED: 'More messages than the limit allows; nothing was done, slow down and retry.',
  TOO_MANY_CONNECTIONS: 'Too many connections; close one that is open before opening another.',
  NOT_PRIMARY: 'This node is not the primary and takes no orders; connect to the other node.',
  SLOW_CONSUMER: 'Messages were not read fast enough; reconnect and ask for the missed reports.',
  BAD_FIELD: 'A field is missing, unknown or out of range; the protocol tables say what it takes.',
  SHUTTING_DOWN: 'The node is stopping; reconnect later or to the other node.',
  LOW_DISK_SPACE: 'The disk is nearly full; cancels are taken, new orders and replaces later.',

  NOT_LOGGED_ON: 'Log on first; nothing else is taken before.',
  LOGON_REFUSED: 'Key, signature or clock is wrong; sign the challenge of this very connection.',
  LOGON_TIMEOUT: 'No logon came in time; answer the challenge as soon as it arrives.',
  ALREADY_LOGGED_ON: 'This connection is logged on already; use it, or open another one.',
  NOT_PERMITTED: 'The API key may not do this; use a key that has the permission.',
  DUPLICATE_COMMAND: 'A command with this clientSequence was done before; number the next one higher.',
  SESSION_DISPLACED: 'The same API key logged on elsewhere; use one key for each connection.',
  IDLE_TIMEOUT: 'Nothing was received for too long; send a ping at least every pingIntervalMs.',

  INSUFFICIENT_FUNDS: 'The available balance is too small; deposit, cancel orders or ask for less.',
  NOTIONAL_TOO_LARGE: 'Price times quantity is above 2^53-1 minor units; split the order.',
  UNKNOWN_ACCOUNT: 'There is no such account; open it first.',
  SUPPLY_TOO_LARGE: 'The asset would pass 2^53-1 minor units in all; deposit less.',
  TOO_MANY_HOLDINGS: 'The limit of balances of all accounts is reached; raise it in the configuration.',
  TOO_MANY_POSITIONS:
    'The limit of pairs of account and instrument is reached; raise it in the configuration.',
  ACCOUNT_SUSPENDED: 'The account takes no new orders and no replaces; cancels are always taken.',
  PRICE_OUT_OF_BAND: 'The price lies outside the price band of the instrument; choose one within it.',
  ORDER_TOO_LARGE: 'The quantity is above the limit of the account in the instrument; split the order.',
  NOTIONAL_OVER_LIMIT: 'Price times quantity is above the limit of the account here; ask for less.',
  TOO_MANY_OPEN_ORDERS: 'The account has as many open orders in the instrument as it may; cancel some.',
  THROTTLED: 'More orders in this interval than the account may send; wait for the next interval.',

  UNKNOWN_INSTRUMENT: 'There is no such instrument; take the id from instrumentListed.',
  UNKNOWN_ORDER: 'The account has no such open order; it may be filled or cancelled already.',
  DUPLICATE_CLIENT_ORDER_ID: 'Another open order of the account has this clientOrderId; choose another.',
  INVALID_PRICE: 'A limit price must be at least 1 tick, that of a market order 0 or more.',
  INVALID_QUANTITY: 'The quantity must be at least 1 lot.',
  INVALID_SIDE: 'The side must be 1 (buy) or 2 (sell).',
  INVALID_ORDER_TYPE: 'The order type must be 1 limit, 2 market, 3 stop or 4 stop-limit.',
  INVALID_TIME_IN_FORCE:
    'Not a time in force, or none of this type; market takes IOC or FOK, a stop neither.',
  NO_LIQUIDITY: 'There is no order on the other side; send a limit order or try later.',
  TOO_MANY_ORDERS: 'The limit of open orders is reached; cancel some before entering more.',
  INVALID_FLAGS: 'A flag is not defined or does not go with the type or time in force; clear it.',
  INVALID_EXPIRE_TIME: 'The time must lie in the future, and be 0 where no expiry belongs; correct it.',
  TRADING_DAY_CLOSED: 'No trading day is open; use another time in force or wait for the next day.',
  POST_ONLY_WOULD_TRADE: 'A post-only order would trade at once; choose a price further from the market.',
  INVALID_MIN_QUANTITY: 'Minimum quantity takes 0 to the quantity, and belongs to IOC only; correct it.',
  INVALID_DISPLAY_QUANTITY: 'The displayed quantity takes 0 to the quantity, of limit orders that rest.',
  INVALID_TRIGGER: 'Stops take a trigger price or a trailing distance, other orders neither; correct it.',
  NO_LAST_TRADE: 'The instrument has not traded yet; a trailing stop has nothing to start from.',
  INVALID_LINK: 'A pair is a limit order and a waiting stop, neither linked yet; name such an order.',
  STOP_NOT_REPLACEABLE: 'A stop that waits cannot be replaced; cancel it and enter another one.',
  INVALID_SELF_TRADE_PREVENTION:
    'The self-trade prevention mode is not known; the tables list what there is.',

  INSTRUMENT_EXISTS: 'The symbol is listed already; choose another one.',
  ACCOUNT_EXISTS: 'The account is open already; choose another id.',
  INVALID_SYMBOL: 'A symbol takes 1 to 24 of A-Z 0-9 . _ / : - and starts with a letter or digit.',
  INVALID_ASSET: 'An asset code takes 1 to 12 of A-Z 0-9; base and quote must differ.',
  INVALID_TICK_OR_LOT: 'A lot and a tick times a lot must be whole minor units; change tick or lot.',
  UNKNOWN_ASSET: 'No instrument uses the asset; list one first.',
  INVALID_AMOUNT: 'The amount must be 1 to 2^53-1 minor units.',
  TRANSFER_ID_REUSED: 'The transferId was used for another transfer; choose a new one.',
  INVALID_ACCOUNT: 'An account id must be 1 to 2^31-1.',
  INVALID_API_KEY: 'Key or permissions are not valid: 32 bytes, bit 0 trade, bit 1 admin.',
  API_KEY_EXISTS: 'The public key is registered already; make another key pair.',
  STALE_EPOCH: 'The epoch is not above the current one; another node leads.',
  TOO_MANY_INSTRUMENTS: 'The limit of instruments is reached; raise it in the configuration.',
  TOO_MANY_ACCOUNTS: 'The limit of accounts is reached; raise it in the configuration.',
  TOO_MANY_ASSETS: 'The limit of assets is reached; raise it in the configuration.',
  ASSET_DECIMALS_DIFFER: 'The asset is known with other decimals; list it with the same ones.',
  UNKNOWN_COMMAND: 'The engine does not know the command; it may be from a newer version.',
  INVALID_PROTECTION: 'marketProtectionPpm must be 0 (meaning 50,000) to 1,000,000; change it.',
  TOO_MANY_TRANSFERS: 'The limit of remembered transfers is reached; raise it in the configuration.',
  TOO_MANY_API_KEYS: 'The limit of API keys is reached; raise it in the configuration.',
  INVALID_FEE_TIER: 'A fee tier must be 0 to 7.',
  INVALID_FEE: 'A taker rate must be 0 to 10^6 millionths, a maker rate -10^6 to 10^6.',
  INVALID_BAND: 'Prices of a band are 0 or above, in order, its width 0 to 1,000,000 ppm; correct it.',
  INVALID_LIMIT: 'A limit must be 0 (none) or above.',
  INVALID_THROTTLE: 'A throttle needs an interval of at least 1 microsecond.',
  TOO_MANY_LIMITS: 'The limit of remembered order limits is reached; raise it in the configuration.',
  INVALID_STATUS: 'The status must be 1 active, 2 suspended or 3 killed.',
  UNKNOWN_LOGIC_VERSION: 'This release does not know that logic version; upgrade both nodes first.',
  LOGIC_NOT_NEWER: 'That logic version, or a later one, is in force already.',
  INVALID_TRANSFER_ID: 'transferId is 0: every transfer needs an id of its own, so that it can be retried.',
};

const TEXTS = new Map<number, string>(
  Object.entries(RejectCode).map(([name, code]) => [code, REJECT_TEXT[name as RejectName]]),
);

/** One sentence on a reject code: what was wrong and what to do. */
export function rejectText(code: number): string {
  return TEXTS.get(code) ?? 'Refused with a code that this version does not know; update the client.';
}
