import { StartFailure } from './failure.ts';
import type { ReadyEvent, SupervisedProcess } from './supervised-process.ts';

/** Milliseconds that each step may take; the old agent serves meanwhile. */
const STEP = 30_000;
/** Milliseconds that the new agent has to begin, on a machine that carries load. */
const BEGIN = 60_000;

/**
 * Has a new node agent serve in place of the old one, on the same listening sockets. The old one goes on accepting until
 * everything is ready in the new one; for the moment in between, clients wait in the queues of the sockets. Should a step
 * fail, the new one is ended and the old one goes on; throws a StartFailure then.
 */
export async function handOver(old: SupervisedProcess, next: SupervisedProcess): Promise<ReadyEvent> {
  let pid: number | undefined;
  /** One that has died meanwhile is started again, knows of no upgrade, and serves. */
  const isThere = () => pid !== undefined && old.mark?.pid === pid;
  const ready = next.start(BEGIN + 4 * STEP);
  ready.catch(() => {});
  try {
    await next.ask(null, 'standby', BEGIN);
    if (!old.running) throw new StartFailure('The old node agent does not run now; try again when it does.');
    pid = old.mark?.pid;
    const { health } = await old.ask({ command: 'freeze' }, 'frozen', STEP);
    await next.ask({ command: 'load', health }, 'loaded', STEP);
    if (!isThere()) throw new StartFailure('The old node agent ended while the new one was made ready.');
    await old.ask({ command: 'pause' }, 'paused', STEP);
    next.tell({ command: 'go' });
    return await ready;
  } catch (error) {
    // Not in order: what it ends in order, it ends for the other one too.
    next.kill();
    await next.stop(0);
    if (isThere()) await old.ask({ command: 'resume' }, 'resumed', STEP).catch(() => isThere() && old.kick());
    throw error;
  }
}
