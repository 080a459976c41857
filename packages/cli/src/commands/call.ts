import type { Command, OptionValues } from 'commander';
import type { Io } from '../io.ts';

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly home?: string;
  readonly url?: string;
  readonly token?: string;
  readonly tenant?: string;
  readonly ca?: string;
  readonly fingerprint?: string;
  readonly profile?: string;
}

/** One command as it was called. */
export interface Call {
  readonly io: Io;
  /** Values of the arguments, parsed; one that takes several is an array. */
  readonly args: readonly unknown[];
  /** The command's own options. */
  readonly options: OptionValues;
  readonly common: CommonOptions;
}

export interface Outcome {
  exitCode: number;
  /** The command that was called. */
  command?: Command;
}

/** What a command does; its code is loaded when it is called. A number is the exit code. */
export type Action = (call: Call) => Promise<number | undefined>;

/** What a command is added to the tree with. */
export type Bind = (command: Command, action: Action) => Command;

/** For a tree that is only read: help, completion. */
export const unbound: Bind = (command) => command;

export function binder(io: Io, outcome: Outcome): Bind {
  return (command, action) =>
    command.action(async () => {
      outcome.command = command;
      const call = { io, args: command.processedArgs, options: command.opts(), common: command.optsWithGlobals() };
      outcome.exitCode = (await action(call)) ?? outcome.exitCode;
    });
}
