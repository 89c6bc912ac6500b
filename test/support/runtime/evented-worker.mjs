/** An agent on an event loop that publishes ten slots once it has started, and fails as it is told to. */
import { RingBuffer } from '../../../dist/src/ring/ring-buffer.js';
import { RingProducer } from '../../../dist/src/ring/ring-producer.js';
import { WaitStrategy } from '../../../dist/src/ring/wait-strategy.js';
import { runEventLoopWorker } from '../../../dist/src/runtime/agent-worker.js';
import { Counter } from '../../../dist/src/runtime/counters.js';

await runEventLoopWorker((input, { counters }) => {
  const producer = new RingProducer(new RingBuffer(input.ring), new WaitStrategy('blocking'));
  return {
    roleName: () => 'evented',
    async start() {
      if (input.failure === 'start') throw new Error('port 7001 is in use');
      producer.publish(producer.claim(10));
      setTimeout(() => {
        if (input.failure === 'callback') throw new Error('a socket callback threw');
        if (input.failure === 'rejection') void Promise.reject(new Error('nobody caught this'));
        if (input.failure === 'early-end') process.exit(0);
      }, 20);
    },
    async close() {
      counters.set(Counter.gatewayReports, 10);
    },
  };
});
