/** Writing to a stream no faster than it is read. */
import type { Writable } from 'node:stream';

/** Hands `text` to `output` and resolves when it takes more. Rejects when the stream fails, as with EPIPE. */
export async function writeText(output: Writable, text: string): Promise<void> {
  if (output.write(text)) return;
  await new Promise<void>((resolve, reject) => {
    const settle = (failure: Error | undefined): void => {
      output.off('drain', onDrain);
      output.off('error', onError);
      if (failure === undefined) resolve();
      else reject(failure);
    };
    const onDrain = (): void => settle(undefined);
    const onError = (error: Error): void => settle(error);
    output.on('drain', onDrain);
    output.on('error', onError);
  });
}
