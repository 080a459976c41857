import type { Random, Range } from './random.ts';

/** How a simulated network treats what is sent over it. Times in milliseconds, sizes in bytes. */
export interface NetworkConditions {
  /** From one host to another. */
  readonly latency: Range;
  /** What a write is split into on its way. Long writes are split into larger pieces, to bound the number of events. */
  readonly piece: Range;
  /** Chance that a piece arrives later than the one before it, and not together with it. */
  readonly gap: number;
  /** Room in the sending kernel, per direction of a connection. */
  readonly sendBuffer: Range;
  /** Room in the receiving kernel, per direction of a connection. */
  readonly receiveBuffer: Range;
  /** The most that one receive takes of what is there. */
  readonly receivePiece: Range;
  /** How many receives the kernel carries out for one connection before protocol code runs. */
  readonly receives: Range;
  /** From the first event that a reactor has not seen to its next turn. */
  readonly turnDelay: Range;
  /** A pause in one direction of a connection, drawn for each piece. */
  readonly stall: Chance;
  /** A FIN that comes later than the last byte; otherwise it comes together with it. */
  readonly lateFin: Chance;
  /** Whether a reset makes the receiver lose what it has not read yet, as some systems do. */
  readonly resetPurges: boolean;
  /** Whether a paused connection notices a reset at once, or only when it resumes or sends. */
  readonly resetSeenWhilePaused: boolean;
  readonly faults: FaultRates;
  /** How often a receive goes into a large buffer, where the reactor has some. */
  readonly large: number;
}

export interface Chance {
  readonly chance: number;
  readonly duration: Range;
}

/** Chances per connection. What befalls a connection is drawn when it is opened. */
export interface FaultRates {
  readonly refuse: number;
  readonly unreachable: number;
  /** Nothing answers; connecting fails when the kernel gives up. */
  readonly lost: number;
  readonly reset: number;
  /** From some moment on, nothing arrives in either direction and nobody is told. */
  readonly silence: number;
  /** When the kernel gives up on data that is not acknowledged. */
  readonly giveUp: Range;
}

export const NO_FAULTS: FaultRates = {
  refuse: 0,
  unreachable: 0,
  lost: 0,
  reset: 0,
  silence: 0,
  giveUp: [20_000, 130_000],
};

/** A fast network that breaks nothing. */
export const CALM: NetworkConditions = {
  latency: [0.05, 0.2],
  piece: [16 * 1024, 64 * 1024],
  gap: 0.1,
  sendBuffer: [64 * 1024, 256 * 1024],
  receiveBuffer: [64 * 1024, 128 * 1024],
  receivePiece: [16 * 1024, 16 * 1024],
  receives: [1, 2],
  turnDelay: [0.01, 0.1],
  stall: { chance: 0, duration: [0, 0] },
  lateFin: { chance: 0, duration: [0, 0] },
  resetPurges: false,
  resetSeenWhilePaused: true,
  faults: NO_FAULTS,
  large: 0.5,
};

/** Conditions that are unkind in every way a network may be without breaking anything. */
export function drawConditions(random: Random, faults: FaultRates = NO_FAULTS): NetworkConditions {
  const slowest = random.pick([0.2, 2, 20, 80]);
  const smallest = random.pick([1, 1, 16, 1024]);
  return {
    latency: [0.02, slowest],
    piece: [smallest, random.pick([smallest, 7, 200, 1460, 65536].filter((size) => size >= smallest))],
    gap: random.pick([0, 0.2, 0.8, 1]),
    sendBuffer: [256, random.pick([512, 4096, 65536])],
    receiveBuffer: [256, random.pick([512, 4096, 65536])],
    receivePiece: [random.pick([1, 100, 4096, 16384]), 16384],
    receives: [1, random.pick([1, 3, 20])],
    turnDelay: [0.01, random.pick([0.05, 1, 5])],
    stall: { chance: random.pick([0, 0, 0.01]), duration: [1, 400] },
    lateFin: { chance: random.pick([0, 0.3, 1]), duration: [0.1, random.pick([5, 300])] },
    resetPurges: random.chance(0.5),
    resetSeenWhilePaused: random.chance(0.5),
    faults,
    large: random.pick([0, 0.1, 0.9]),
  };
}

/** Fault rates at which most connections live and most runs see some fault. */
export function drawFaults(random: Random): FaultRates {
  const some = () => random.pick([0, 0.05, 0.2]);
  return {
    refuse: some(),
    unreachable: some() / 2,
    lost: some() / 2,
    reset: some(),
    silence: some(),
    giveUp: [20_000, 130_000],
  };
}
