import { PortableReactor } from './portable/reactor.ts';
import type { UringReactor } from './uring/reactor.ts';

export type ReactorChoice = 'auto' | 'uring' | 'portable';

/** A reactor that moves real bytes. */
export type LocalReactor = UringReactor | PortableReactor;

export interface ReactorOptions {
  /** Buffers in the arena (17 KiB each); 512 MiB of addresses by default, of which only touched pages take memory. */
  readonly buffers?: number;
  /** `Wake.descriptor` of who posts messages to this thread; -1 or nothing when nobody does. */
  readonly wakeDescriptor?: number;
  /** Shared memory from `newTrace`: what is left open when the thread is ended can be closed by another, see `Trace`. */
  readonly trace?: SharedArrayBuffer;
  /** Uring: sockets that are kept for the next connection when one is aborted, see `UringOptions`. */
  readonly spareSockets?: number;
  /** Uring: whether one receive may bring more than one buffer; by default, when the kernel can limit it. */
  readonly limitedReceives?: boolean;
}

export interface ChosenReactor {
  readonly reactor: LocalReactor;
  /** For the log: why it is this one. */
  readonly reason: string;
  /** Ends `run`. To be called on the reactor's thread. */
  stop(): void;
}

/** On systems that koffi does not know, even loading it fails; that is a reason like any other. */
const uring = await import('./uring/open.ts').catch((error: unknown) => ({
  openUringReactor: (): never => {
    throw error;
  },
}));

/**
 * Makes the reactor of this thread: `auto` takes uring where the system has it and else portable, and says why. Asking
 * for uring where there is none throws. Run it with `run`.
 */
export function createReactor(choice: ReactorChoice, options: ReactorOptions = {}): ChosenReactor {
  if (choice === 'portable') return chosen(new PortableReactor(options), 'portable was asked for');
  try {
    const { reactor, kernel } = uring.openUringReactor(options);
    return chosen(reactor, choice === 'auto' ? `Linux ${kernel} has io_uring` : 'uring was asked for');
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    if (choice === 'uring') throw new Error(`the uring reactor cannot run here: ${problem}`, { cause: error });
    return chosen(new PortableReactor(options), `portable, because uring cannot run here: ${problem}`);
  }
}

function chosen(reactor: LocalReactor, reason: string): ChosenReactor {
  return { reactor, reason, stop: () => reactor.stop() };
}
