import type { QueryOf } from '@evenkeel/model/contract/types.ts';
import type { Event } from '@evenkeel/model/resources/event.ts';
import { ConnectionError } from './errors.ts';
import { streamLines } from './stream.ts';

export interface FollowOptions {
  /** Which events; `after`: only those after this one. */
  readonly query?: QueryOf<'streamEvents'>;
  readonly signal?: AbortSignal;
  /** Told when the stream has to be begun again, and why. */
  readonly interrupted?: (reason: string) => void;
  /** Told that events after this one are no longer kept, so that some may be missing. */
  readonly gap?: (after: string) => void;
  /** Milliseconds until it is begun again; default 2,000. */
  readonly pause?: number;
}

/** The control plane no longer accepts the token. */
export class TokenEndedError extends Error {
  override readonly name = 'TokenEndedError';
}

/**
 * Events as they happen. When the stream breaks off, it goes on after the last event that came, so that none is missing
 * and none comes twice. Ends with the signal; rejects with a TokenEndedError, or with the ApiError of a refusal.
 */
export async function* followEvents(
  options: Parameters<typeof streamLines>[0],
  { query, signal, interrupted, gap, pause = 2_000 }: FollowOptions = {},
): AsyncGenerator<Event> {
  let last: string | undefined;
  for (;;) {
    try {
      const headers = { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) };
      const lines = streamLines(options, 'streamEvents', {
        ...(query && { query }),
        headers,
        ...(signal && { signal }),
      });
      for await (const { name, id, data } of messagesOf(lines)) {
        if (name === 'gap') gap?.((JSON.parse(data) as { after: string }).after);
        else if (name === 'end') {
          const { reason } = JSON.parse(data) as { reason: string };
          if (reason === 'token-ended') throw new TokenEndedError('the token is no longer accepted');
          interrupted?.(reason);
        } else {
          last = id;
          yield JSON.parse(data) as Event;
        }
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof ConnectionError)) throw error;
      interrupted?.(error.message);
    }
    if (signal?.aborted) return;
    await paused(pause, signal);
  }
}

interface Message {
  readonly name: string;
  readonly id: string;
  readonly data: string;
}

/** As the HTML standard has it (§9.2.6), but for what this API never sends: carriage returns and data of several lines. */
async function* messagesOf(lines: AsyncIterable<string>): AsyncGenerator<Message> {
  let message = { name: '', id: '', data: '' };
  for await (const line of lines) {
    if (line === '') {
      if (message.data !== '') yield message;
      message = { name: '', id: '', data: '' };
    } else if (line.startsWith('event: ')) message.name = line.slice(7);
    else if (line.startsWith('id: ')) message.id = line.slice(4);
    else if (line.startsWith('data: ')) message.data = line.slice(6);
  }
}

function paused(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
