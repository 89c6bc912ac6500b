import { blockLengthOf, writeSbeHeader } from '../wire/sbe.js';
import { offsetOf, SBE_HEADER_BYTES, Template } from '../wire/schema.js';

const TWO_32 = 0x1_0000_0000;
const NEW = {
  clientOrderId: offsetOf('newOrder', 'clientOrderId'),
  instrumentId: offsetOf('newOrder', 'instrumentId'),
  priceTicks: offsetOf('newOrder', 'priceTicks'),
  quantityLots: offsetOf('newOrder', 'quantityLots'),
  side: offsetOf('newOrder', 'side'),
  orderType: offsetOf('newOrder', 'orderType'),
  timeInForce: offsetOf('newOrder', 'timeInForce'),
};
const CANCEL = {
  clientOrderId: offsetOf('cancelOrder', 'clientOrderId'),
  instrumentId: offsetOf('cancelOrder', 'instrumentId'),
};
const REPLACE = {
  clientOrderId: offsetOf('replaceOrder', 'clientOrderId'),
  newClientOrderId: offsetOf('replaceOrder', 'newClientOrderId'),
  instrumentId: offsetOf('replaceOrder', 'instrumentId'),
  priceTicks: offsetOf('replaceOrder', 'priceTicks'),
  quantityLots: offsetOf('replaceOrder', 'quantityLots'),
  flags: offsetOf('replaceOrder', 'flags'),
};

/**
 * Builds SBE frames of orders without objects, for load generators: add messages, send `frame()`, `clear`. Client
 * order ids and numbers are safe integers here.
 */
export class OrderFrames {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private length: number;

  /** Room for `capacityBytes` of messages in one frame. */
  constructor(capacityBytes = 16_384) {
    this.bytes = new Uint8Array(capacityBytes);
    this.view = new DataView(this.bytes.buffer);
    this.length = 0;
  }

  newOrder(
    clientSequence: number,
    clientOrderId: number,
    instrumentId: number,
    priceTicks: number,
    quantityLots: number,
    side: number,
    orderType: number,
    timeInForce: number,
  ): void {
    const block = this.begin(Template.newOrder, clientSequence);
    this.setInt64(block + NEW.clientOrderId, clientOrderId);
    this.view.setUint32(block + NEW.instrumentId, instrumentId, true);
    this.view.setInt32(block + NEW.priceTicks, priceTicks, true);
    this.view.setInt32(block + NEW.quantityLots, quantityLots, true);
    this.bytes[block + NEW.side] = side;
    this.bytes[block + NEW.orderType] = orderType;
    this.bytes[block + NEW.timeInForce] = timeInForce;
  }

  cancelOrder(clientSequence: number, clientOrderId: number, instrumentId: number): void {
    const block = this.begin(Template.cancelOrder, clientSequence);
    this.setInt64(block + CANCEL.clientOrderId, clientOrderId);
    this.view.setUint32(block + CANCEL.instrumentId, instrumentId, true);
  }

  replaceOrder(
    clientSequence: number,
    clientOrderId: number,
    newClientOrderId: number,
    instrumentId: number,
    priceTicks: number,
    quantityLots: number,
    flags: number,
  ): void {
    const block = this.begin(Template.replaceOrder, clientSequence);
    this.setInt64(block + REPLACE.clientOrderId, clientOrderId);
    this.setInt64(block + REPLACE.newClientOrderId, newClientOrderId);
    this.view.setUint32(block + REPLACE.instrumentId, instrumentId, true);
    this.view.setInt32(block + REPLACE.priceTicks, priceTicks, true);
    this.view.setInt32(block + REPLACE.quantityLots, quantityLots, true);
    this.view.setUint32(block + REPLACE.flags, flags, true);
  }

  /** A copy of the messages so far, to be sent. */
  frame(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  /** Writes header and number, zeroes the rest; returns the offset of the block. Throws RangeError without room. */
  private begin(templateId: number, clientSequence: number): number {
    const block = this.length + SBE_HEADER_BYTES;
    const end = block + blockLengthOf[templateId]!;
    if (end > this.bytes.length) throw new RangeError(`the frame is full at ${this.length} bytes`);
    this.bytes.fill(0, block, end);
    writeSbeHeader(this.bytes, this.length, templateId);
    this.setInt64(block, clientSequence);
    this.length = end;
    return block;
  }

  private setInt64(at: number, value: number): void {
    this.view.setUint32(at, value, true);
    this.view.setInt32(at + 4, Math.floor(value / TWO_32), true);
  }
}
