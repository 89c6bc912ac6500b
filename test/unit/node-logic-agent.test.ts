import { describe, expect, test } from 'vitest';
import { Core } from '../../src/core/core.js';
import { BusinessLogicProcessor } from '../../src/engine/business-logic-processor.js';
import { EventBuffer } from '../../src/engine/event-buffer.js';
import { CHECKPOINT_INTERVAL, LogicAgent } from '../../src/node/logic-agent.js';
import { RingBuffer } from '../../src/ring/ring-buffer.js';
import { RingConsumer } from '../../src/ring/ring-consumer.js';
import { RingProducer } from '../../src/ring/ring-producer.js';
import { WaitStrategy } from '../../src/ring/wait-strategy.js';
import { CHECKPOINTS_KEPT, CheckpointRing } from '../../src/runtime/checkpoint-ring.js';
import { NodeCounters } from '../../src/runtime/counters.js';
import { Template } from '../../src/wire/schema.js';
import { writeSlotHeader } from '../../src/wire/slot.js';

const SLOTS = 4096;

/** Carries out `commands` commands that are refused, of which those up to `replayTo` are a replay. */
function checkpointsOf(commands: number, replayTo: number): CheckpointRing {
  const wait = new WaitStrategy('backoff');
  const ring = new RingBuffer(RingBuffer.allocate(SLOTS, 1));
  const producer = new RingProducer(ring, wait);
  const events = new EventBuffer();
  const checkpoints = new CheckpointRing(CheckpointRing.allocate());
  const agent = new LogicAgent({
    processor: new BusinessLogicProcessor(new Core(), events),
    input: new RingConsumer(ring, 0, wait),
    checkpoints,
    counters: new NodeCounters(NodeCounters.allocate()),
    replayTo,
    flush: () => events.clear(),
    dump: () => {},
  });
  for (let sequence = 1; sequence <= commands; sequence++) {
    producer.claim(1);
    writeSlotHeader(ring.words, producer.wordIndexAt(0), Template.cancelOrder, 0, sequence, sequence, 0, 0);
    producer.publish(1);
    if (sequence % SLOTS === 0) while (agent.doWork() > 0);
  }
  while (agent.doWork() > 0);
  return checkpoints;
}

describe('checkpoints', () => {
  test('are made at every interval of what is new', () => {
    const checkpoints = checkpointsOf(3 * CHECKPOINT_INTERVAL, 0);
    for (const n of [1, 2, 3]) expect(checkpoints.find(n * CHECKPOINT_INTERVAL)).toBeDefined();
  });

  test('of a long replay are the last ones, as many as are kept, and the same as those of all', () => {
    const last = (CHECKPOINTS_KEPT + 3) * CHECKPOINT_INTERVAL;
    const checkpoints = checkpointsOf(last, last);
    expect(checkpoints.after(0)!.sequence).toBe(4 * CHECKPOINT_INTERVAL);
    expect(checkpoints.recorded()).toBe(CHECKPOINTS_KEPT);
    expect(checkpoints.latest()).toEqual(checkpointsOf(last, 0).latest());
  });
});
