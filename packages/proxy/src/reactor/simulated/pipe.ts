import type { Link } from './link.ts';
import type { SimulatedNetwork } from './network.ts';

/** Who is told that something has changed at its end of a pipe. */
export interface PipeEnd {
  wake(): void;
  /** Bytes have come for an end that reads no more. */
  refuse(): void;
  /** The kernel gives up on bytes that are not acknowledged. */
  giveUp(): void;
}

/**
 * One direction of a connection: the sending kernel's buffer, the wire, the receiving kernel's buffer. Bytes keep their
 * order, whatever the delays.
 *
 * Invariants: 0 <= queued <= sendBuffer and 0 <= inFlight + arrived <= receiveBuffer.
 */
export class Pipe {
  queued = 0;
  arrived = 0;
  /** Bytes that the receiving kernel has taken so far: all of them are acknowledged. */
  taken = 0;
  finArrived = false;
  readonly #network: SimulatedNetwork;
  readonly #link: Link;
  readonly #sender: PipeEnd;
  readonly #receiver: PipeEnd;
  readonly #sendBuffer: number;
  readonly #receiveBuffer: number;
  readonly #queue: Uint8Array[] = [];
  readonly #arrivals: Uint8Array[] = [];
  #inFlight = 0;
  #fin: 'none' | 'queued' | 'sent' = 'none';
  #reading = true;
  #dead = false;
  #lastArrival = 0;

  constructor(network: SimulatedNetwork, link: Link, sender: PipeEnd, receiver: PipeEnd) {
    this.#network = network;
    this.#link = link;
    this.#sender = sender;
    this.#receiver = receiver;
    this.#sendBuffer = network.random.within(network.conditions.sendBuffer);
    this.#receiveBuffer = network.random.within(network.conditions.receiveBuffer);
  }

  /** Bytes that the sending kernel has room for. */
  get room(): number {
    return this.#sendBuffer - this.queued;
  }

  /** Takes at most `room` bytes; the caller does not touch them any more. */
  write(bytes: Uint8Array): void {
    if (this.#dead) return;
    this.queued += bytes.length;
    this.#queue.push(bytes);
    this.pump();
  }

  /** Sends FIN behind what is queued. */
  finish(): void {
    if (this.#fin !== 'none') return;
    this.#fin = 'queued';
    this.pump();
  }

  /** Moves at most `limit` arrived bytes to memory[at…] and returns how many. */
  read(memory: Uint8Array, at: number, limit: number): number {
    let read = 0;
    while (read < limit && this.#arrivals.length > 0) {
      const first = this.#arrivals[0] as Uint8Array;
      const size = Math.min(first.length, limit - read);
      memory.set(size === first.length ? first : first.subarray(0, size), at + read);
      if (size === first.length) this.#arrivals.shift();
      else this.#arrivals[0] = first.subarray(size);
      read += size;
    }
    this.arrived -= read;
    if (read > 0) this.pump();
    return read;
  }

  /** Loses what has arrived. */
  purge(): void {
    this.#arrivals.length = 0;
    this.arrived = 0;
  }

  /** Reads what has arrived and throws it away. */
  discard(): void {
    if (this.arrived === 0) return;
    this.purge();
    this.pump();
  }

  /** The receiver reads no more: what arrives from now on is refused. */
  stopReading(): void {
    this.#reading = false;
    this.purge();
  }

  /** Nothing moves any more; what has arrived can still be read. */
  kill(): void {
    this.#dead = true;
    this.#queue.length = 0;
    this.queued = 0;
  }

  /** Puts as much on the wire as the receiver's window allows. */
  pump(): void {
    if (this.#dead) return;
    const before = this.queued;
    while (this.queued > 0) {
      if (!this.#link.carries(0)) {
        this.#expectNoAnswer();
        return;
      }
      const window = this.#receiveBuffer - this.arrived - this.#inFlight;
      if (window <= 0) break;
      // A long queue is split into some sixteen pieces at most, or a run would drown in events.
      const drawn = Math.max(this.#network.random.within(this.#network.conditions.piece), this.queued >> 4);
      const piece = this.#take(Math.min(drawn, window, this.queued));
      if (!this.#link.carries(piece.length)) {
        this.#expectNoAnswer();
        return;
      }
      this.#inFlight += piece.length;
      this.#network.at(this.nextArrival(), () => this.#arrive(piece));
    }
    if (this.queued < before) this.#sender.wake();
    if (this.#fin === 'queued' && this.queued === 0) this.#sendFin();
  }

  /** When the next thing that is sent arrives; never earlier than what was sent before. */
  nextArrival(): number {
    const { random, conditions, now } = this.#network;
    const together = this.#lastArrival > now && !random.chance(conditions.gap);
    if (!together) this.#lastArrival = Math.max(this.#lastArrival, now + random.real(conditions.latency));
    if (conditions.stall.chance > 0 && random.chance(conditions.stall.chance)) {
      this.#lastArrival += random.real(conditions.stall.duration);
    }
    return this.#lastArrival;
  }

  #take(size: number): Uint8Array {
    const first = this.#queue[0] as Uint8Array;
    const taken = Math.min(size, first.length);
    if (taken === first.length) this.#queue.shift();
    else this.#queue[0] = first.subarray(taken);
    this.queued -= taken;
    return taken === first.length ? first : first.subarray(0, taken);
  }

  #arrive(piece: Uint8Array): void {
    this.#inFlight -= piece.length;
    if (this.#dead) return;
    if (!this.#reading) {
      this.#receiver.refuse();
      return;
    }
    this.taken += piece.length;
    this.#arrivals.push(piece);
    this.arrived += piece.length;
    this.#receiver.wake();
  }

  #sendFin(): void {
    if (!this.#link.carries(0)) {
      this.#expectNoAnswer();
      return;
    }
    this.#fin = 'sent';
    const { random, conditions } = this.#network;
    if (random.chance(conditions.lateFin.chance)) this.#lastArrival += random.real(conditions.lateFin.duration);
    const at = this.#lastArrival > this.#network.now ? this.#lastArrival : this.nextArrival();
    this.#network.at(at, () => {
      if (this.#dead) return;
      this.finArrived = true;
      this.#receiver.wake();
    });
  }

  #expectNoAnswer(): void {
    this.kill();
    const { random, conditions } = this.#network;
    this.#network.after(random.real(conditions.faults.giveUp), () => this.#sender.giveUp());
  }
}
