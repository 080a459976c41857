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
}

export interface ChosenReactor {
  readonly reactor: LocalReactor;
  /** For the log: why it is this one. */
  readonly reason: string;
}

/**
 * Makes the reactor of this thread: `auto` takes uring where the system has it and else portable, and says why. Asking
 * for uring where there is none throws. Run it with `runReactor`.
 */
export async function createReactor(choice: ReactorChoice, options: ReactorOptions = {}): Promise<ChosenReactor> {
  if (choice === 'portable') return { reactor: new PortableReactor(options), reason: 'portable was asked for' };
  try {
    const { reactor, kernel } = await openUring(options);
    return { reactor, reason: choice === 'auto' ? `Linux ${kernel} has io_uring` : 'uring was asked for' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (choice === 'uring') throw new Error(`the uring reactor cannot run here: ${reason}`, { cause: error });
    return { reactor: new PortableReactor(options), reason: `portable, because uring cannot run here: ${reason}` };
  }
}

async function openUring(options: ReactorOptions): Promise<{ reactor: UringReactor; kernel: string }> {
  const { openUringReactor } = await import('./uring/open.ts');
  return openUringReactor(options);
}
