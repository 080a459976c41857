import type { ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import type { Logger } from 'pino';
import type { Channel, Command } from './channel.ts';

/** What the steps of an upgrade do to a node agent, which is the old one or the new one of it. */
export interface UpgradeSteps {
  freeze(): Promise<readonly ReportedHealth[]>;
  /** Resolves with the version of the plan and the number of sockets. */
  load(health: readonly ReportedHealth[]): Promise<{ planVersion: number; sockets: number }>;
  pause(): Promise<void>;
  go(): Promise<void>;
  resume(): Promise<void>;
  /** Ends this process. */
  retire(drainMilliseconds: number): void;
}

/** Carries out what the supervisor commands, one step after the other, and answers. */
export class Upgrade {
  readonly #steps: UpgradeSteps;
  readonly #log: Logger;
  #last: Promise<void> = Promise.resolve();

  constructor(steps: UpgradeSteps, log: Logger) {
    this.#steps = steps;
    this.#log = log;
  }

  take(command: Command, channel: Channel): void {
    this.#log.info({ command: command.command }, 'the supervisor upgrades this node');
    this.#last = this.#last.then(async () => {
      try {
        await this.#carryOut(command, channel);
      } catch (error) {
        this.#log.error({ err: error, command: command.command }, 'a step of the upgrade has failed');
        channel.tell({ event: 'failed', reason: (error as Error).message });
      }
    });
  }

  async #carryOut(command: Command, channel: Channel): Promise<void> {
    switch (command.command) {
      case 'freeze':
        channel.tell({ event: 'frozen', health: await this.#steps.freeze() });
        return;
      case 'load':
        channel.tell({ event: 'loaded', ...(await this.#steps.load(command.health)) });
        return;
      case 'pause':
        await this.#steps.pause();
        channel.tell({ event: 'paused' });
        return;
      case 'go':
        await this.#steps.go();
        return;
      case 'resume':
        await this.#steps.resume();
        channel.tell({ event: 'resumed' });
        return;
      case 'retire':
        this.#steps.retire(command.drainMilliseconds);
        return;
    }
    throw new Error(`this version knows no such command: ${JSON.stringify(command satisfies never)}`);
  }
}
