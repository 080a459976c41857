import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { DatagramListening } from '../datagrams/listening.ts';
import type { Endpoint } from '../reactor/reactor.ts';
import type { ListeningSockets, Place } from './listening.ts';

/** What a worker takes traffic from for a listener: connections, datagrams, or both. All of it or none. */
export class ListenerPlaces {
  readonly #streams: ListeningSockets;
  /** null: the listener has no datagrams. */
  readonly #datagrams: DatagramListening | null;
  /** Where datagrams are received. */
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
    // What was bound before is given up last, so that its sessions go on if anything is refused.
    datagrams.open(bound, (refused) => {
      if (refused !== null) {
        done(refused);
        return;
      }
      this.#streams.set(places, (second) => {
        if (second === null) this.#bound = bound;
        datagrams.keepOnly(this.#bound);
        done(second);
      });
    });
  }

  close(): void {
    this.#streams.close();
    this.#datagrams?.close();
  }
}
