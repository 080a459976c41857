import type { ConnectionHandler } from './reactor.ts';

/** The handler of a connection that nobody has taken: it is aborted right after `onAccept`. */
export const UNHANDLED: ConnectionHandler = {
  onConnected: ignore,
  onReceive: refuse,
  onSent: ignore,
  onEnd: ignore,
  onDeadline: ignore,
  onClosed: ignore,
};

function ignore(): void {}

function refuse(): never {
  throw new Error('a connection without a handler received data');
}
