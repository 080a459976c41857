import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Milliseconds in which a reader must take what is there for it. */
export const PATIENCE = 30_000;
const LOOK = 1_000;

/**
 * Sends texts as they come. Each is asked for when the one before it was taken, so a slow reader costs no memory; one
 * that takes nothing for `patience` milliseconds is cut off, and `dropped` is told.
 */
export function sendStream(
  reply: FastifyReply,
  mediaType: string,
  texts: AsyncIterable<string>,
  dropped: () => void,
  patience: number = PATIENCE,
): FastifyReply {
  let offeredAt: number | null = null;
  const watched = async function* () {
    for await (const text of texts) {
      offeredAt = performance.now();
      yield text;
      offeredAt = null;
    }
  };
  const stream = Readable.from(watched(), { objectMode: true, highWaterMark: 1 });
  const watch = setInterval(
    () => {
      if (offeredAt === null || performance.now() - offeredAt < patience) return;
      dropped();
      stream.destroy(new Error('the reader takes nothing'));
    },
    Math.min(LOOK, patience),
  );
  stream.once('close', () => clearInterval(watch));
  return reply.header('content-type', mediaType).header('x-accel-buffering', 'no').send(stream);
}
