import { Argument, type Command, Option } from 'commander';
import { type Hint, hinted } from './hints.ts';
import { integer, several, target, waitSeconds } from './values.ts';

/** Arguments and options that several commands share. */

/** Seconds that a write waits to be applied, if not told otherwise. */
export const WAIT_SECONDS = 60;

export function reference(form: string, description: string, hint: Hint): Argument {
  return hinted(new Argument(form, description), hint);
}

export function referenceOption(flags: string, description: string, hint: Hint): Option {
  return hinted(new Option(flags, description), hint);
}

export const ofLoadBalancer = (description = 'only those of this load balancer') =>
  referenceOption('--lb <lb>', description, 'loadBalancer');

export const withTag = () => new Option('--tag <tag>', 'only those with this tag: key=value, or key with any value');

export const targetOption = () =>
  new Option(
    '--target <target>',
    'a target: address[:port][,weight=N][,zone=NAME][,name=NAME], several times',
  ).argParser(several(target));

/** Every write waits, unless it is told not to. */
export function addWait(command: Command): Command {
  return command
    .addOption(new Option('--no-wait', 'do not wait until every node has applied it').helpGroup('Waiting:'))
    .addOption(
      new Option('--timeout <seconds>', 'longest wait')
        .argParser(waitSeconds)
        .default(WAIT_SECONDS)
        .helpGroup('Waiting:'),
    );
}

export function addIfMatch(command: Command): Command {
  return command.addOption(
    new Option('--if-match <generation>', 'only if its generation is still this one').argParser(integer),
  );
}

export function addYes(command: Command): Command {
  return command.option('-y, --yes', 'do not ask, even on a terminal');
}

/** Examples under the help; a line that begins with `#` says what the next one does. */
export function addExamples(command: Command, ...lines: readonly string[]): Command {
  examples.set(command, lines);
  return command.addHelpText('after', () => `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

const examples = new WeakMap<Command, readonly string[]>();

export function examplesOf(command: Command): readonly string[] {
  return examples.get(command) ?? [];
}
