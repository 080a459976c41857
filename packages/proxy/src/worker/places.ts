import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { DatagramListening } from '../datagrams/listening.ts';
import type { Endpoint } from '../reactor/reactor.ts';
import type { ListeningSockets, Place } from './listening.ts';

/** What a worker takes traffic from for a listener: connections, datagrams, or both. All of it or none. */
export class ListenerPlaces {
  readonly #streams: ListeningSockets;
  /** null: the listener has no datagrams. */
  readonly #datagrams: DatagramListening | null;
  #bound: readonly Endpoint[] = [];

  constructor(streams: ListeningSockets, datagrams: DatagramListening | null) {
    this.#streams = streams;
    this.#datagrams = datagrams;
  }

  /** As `ListeningSockets.set`; `bound` are those of datagrams. */
  set(places: readonly Place[], bound: readonly Endpoint[], done: (refused: RefusedListener | null) => void): void {
    const datagrams = this.#datagrams;
    if (datagrams === null) {
      this.#streams.set(places, done);
      return;
    }
    const before = this.#bound;
    datagrams.set(bound, (refused) => {
      if (refused !== null) {
        done(refused);
        return;
      }
      this.#streams.set(places, (second) => {
        if (second === null) {
          this.#bound = bound;
          done(null);
        } else {
          // What was bound before is still there, so that this cannot be refused.
          datagrams.set(before, () => done(second));
        }
      });
    });
  }

  close(): void {
    this.#streams.close();
    this.#datagrams?.close();
  }
}
