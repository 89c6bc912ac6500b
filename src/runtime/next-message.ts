import type { StartedWorker } from './worker-start.js';

/** The next message of a worker that is of one of these types; others pass. Stays pending when none comes. */
export function nextMessage<Message extends { readonly type: string }>(
  { worker }: StartedWorker,
  ...types: readonly Message['type'][]
): Promise<Message> {
  return new Promise((resolve) => {
    const look = (message: Message): void => {
      if (!types.includes(message.type)) return;
      worker.off('message', look);
      resolve(message);
    };
    worker.on('message', look);
  });
}
