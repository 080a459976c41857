import { Socket } from 'node:net';
import type { ReportedHealth } from '@evenkeel/model/plan/stream.ts';

/** What the supervisor tells a node agent, a line of JSON each. An upgrade goes through them in this order. */
export type Command =
  /** To the old one: change nothing any more, and say what you know of targets. Answered by `frozen`. */
  | { readonly command: 'freeze' }
  /** To the new one, that stands by: make everything ready. Answered by `loaded`. */
  | { readonly command: 'load'; readonly health: readonly ReportedHealth[] }
  /** To the old one: accept nothing more; clients wait in the queues of the sockets. Answered by `paused`. */
  | { readonly command: 'pause' }
  /** To the new one: accept. It answers on standard output that it is ready. */
  | { readonly command: 'go' }
  /** To the old one: end what runs and go. */
  | { readonly command: 'retire'; readonly drainMilliseconds: number }
  /** To the old one: the upgrade has failed; go on as before. Answered by `resumed`. */
  | { readonly command: 'resume' };

export type ChannelEvent =
  | { readonly event: 'standby' }
  | { readonly event: 'frozen'; readonly health: readonly ReportedHealth[] }
  | { readonly event: 'loaded'; readonly planVersion: number; readonly sockets: number }
  | { readonly event: 'paused' }
  | { readonly event: 'resumed' }
  | { readonly event: 'failed'; readonly reason: string };

/** What a supervisor gives a node agent to inherit: EVENKEEL_SUPERVISION has the descriptors, in this order. */
export interface Supervision {
  readonly channel: number;
  /** The two ends of the queue that listening sockets are held in. */
  readonly hold: readonly [number, number];
}

/** null when nobody supervises this process. */
export function supervisionOf(environment: Readonly<Record<string, string | undefined>>): Supervision | null {
  const [channel, readEnd, writeEnd] = (environment['EVENKEEL_SUPERVISION'] ?? '').split(',').map(Number);
  if (channel === undefined || readEnd === undefined || writeEnd === undefined) return null;
  return { channel, hold: [readEnd, writeEnd] };
}

/** The way between the supervisor and this process. Commands of another version that are not known are answered `failed`. */
export class Channel {
  readonly #socket: Socket;
  #rest = '';

  constructor(descriptor: number, onCommand: (command: Command, from: Channel) => void) {
    this.#socket = new Socket({ fd: descriptor, readable: true, writable: true });
    this.#socket.setEncoding('utf8');
    // When the supervisor is gone, lifeline and signals end this process.
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) onCommand(JSON.parse(line) as Command, this);
    });
    this.#socket.unref();
  }

  tell(event: ChannelEvent): void {
    this.#socket.write(`${JSON.stringify(event)}\n`);
  }
}
