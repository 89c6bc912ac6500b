/** A looped agent that counts the slots it reads, and fails as it is told to. */
import { RingBuffer } from '../../../dist/src/ring/ring-buffer.js';
import { RingConsumer } from '../../../dist/src/ring/ring-consumer.js';
import { WaitStrategy } from '../../../dist/src/ring/wait-strategy.js';
import { runAgentWorker } from '../../../dist/src/runtime/agent-worker.js';
import { Counter } from '../../../dist/src/runtime/counters.js';

runAgentWorker((input, { counters }) => {
  if (input.failure === 'build') throw new Error('the looped agent cannot be built');
  const consumer = new RingConsumer(new RingBuffer(input.ring), 0, new WaitStrategy('blocking'));
  const agent = {
    roleName: () => 'looped',
    onStart() {
      if (input.failure === 'onStart') throw new Error('the looped agent does not start');
    },
    doWork() {
      const count = consumer.available();
      if (count === 0) return 0;
      if (input.failure === 'doWork') throw new Error('sync of segment 7 failed: EIO');
      consumer.release(count);
      counters.set(Counter.logicProcessed, consumer.nextSequence - 1);
      return count;
    },
    onClose: () => counters.set(Counter.journalSegment, 77),
  };
  return { agent, waitSources: [consumer], stopPhase: 2 };
});
