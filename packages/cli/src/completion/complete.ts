import type { Argument, Command, Option } from 'commander';
import { unbound } from '../commands/call.ts';
import { type Hint, hintOf } from '../commands/hints.ts';
import type { Io } from '../io.ts';
import { buildProgram } from '../program.ts';
import { joinBashWords } from './bash-words.ts';
import { findNames } from './names.ts';
import { processOptions } from './process-options.ts';

interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** `evenkeel complete SHELL -- WORDS…`, asked by the scripts of scripts.ts. */
export async function complete(args: readonly string[], io: Io): Promise<number> {
  const [shell, , ...typed] = args;
  const { words, prefix } = shell === 'bash' ? joinBashWords(typed) : { words: typed, prefix: '' };
  const { candidates, files } = await suggest(words, io);
  for (const { value, description } of candidates) {
    const text = value.slice(prefix.length);
    io.out(description === '' ? `${text}\n` : `${text}\t${description}\n`);
  }
  if (files) io.out(':files\n');
  return 0;
}

/** What may stand in the place of the last word. */
export async function suggest(
  words: readonly string[],
  io: Io,
): Promise<{ readonly candidates: readonly Candidate[]; readonly files: boolean }> {
  const current = words.at(-1) ?? '';
  const at = position(buildProgram(io, unbound), words.slice(0, -1));
  const equals = current.indexOf('=');
  if (at.pending === null && current.startsWith('--') && equals > 0) {
    const option = findOption(at.command, current.slice(0, equals));
    const found = option === undefined ? NOTHING : await valuesFor(option, at, current.slice(equals + 1), io);
    const head = current.slice(0, equals + 1);
    return { ...found, candidates: found.candidates.map((one) => ({ ...one, value: `${head}${one.value}` })) };
  }
  if (at.pending !== null) return valuesFor(at.pending, at, current, io);
  if (current.startsWith('-')) return { candidates: starting(await optionsOf(at.command), current), files: false };
  const commands = at.arguments > 0 ? [] : commandsOf(at.command);
  const argument = argumentAt(at.command, at.arguments);
  const values = argument === undefined ? NOTHING : await valuesFor(argument, at, current, io);
  return { candidates: [...starting(commands, current), ...values.candidates], files: values.files };
}

const NOTHING = { candidates: [], files: false };

interface Position {
  readonly command: Command;
  /** The option whose value comes next, or null. */
  readonly pending: Option | null;
  /** Arguments of the command so far. */
  readonly arguments: number;
  /** Values of options so far, by their long flag. */
  readonly given: ReadonlyMap<string, string>;
}

function position(program: Command, words: readonly string[]): Position {
  let command = program;
  let pending: Option | null = null;
  let count = 0;
  const given = new Map<string, string>();
  for (const word of words) {
    if (pending !== null) {
      given.set(pending.long ?? '', word);
      pending = null;
    } else if (word.startsWith('-') && word !== '-') {
      const [flag, value] = word.split('=', 2);
      const option = findOption(command, flag);
      if (option?.required && value === undefined) pending = option;
      else if (option?.required && value !== undefined) given.set(option.long ?? '', value);
    } else {
      const next: Command | undefined = count > 0 ? undefined : findCommand(command, word);
      if (next === undefined) count++;
      else command = next;
    }
  }
  return { command, pending, arguments: count, given };
}

async function valuesFor(word: Option | Argument, at: Position, current: string, io: Io) {
  if (word.argChoices)
    return {
      candidates: starting(
        word.argChoices.map((value) => ({ value, description: '' })),
        current,
      ),
      files: false,
    };
  const hint: Hint | undefined = hintOf(word);
  if (hint === undefined) return NOTHING;
  if (hint === 'file' || hint === 'folder') return { candidates: [], files: true };
  return { candidates: starting(await findNames(hint, at.given, io), current), files: false };
}

function starting(candidates: readonly Candidate[], prefix: string): Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(prefix));
}

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((sub) => ({ value: sub.name(), description: sub.description() }));
}

function findCommand(command: Command, word: string): Command | undefined {
  return command.commands.find((sub) => sub.name() === word || sub.aliases().includes(word));
}

async function optionsOf(command: Command): Promise<readonly Candidate[]> {
  if (command.parent !== null && command.parent.parent === null) {
    const own = await processOptions(command.name());
    if (own !== null) return own;
  }
  const help = command.createHelp();
  const global = command.parent === null ? [] : help.visibleGlobalOptions(command);
  return [...help.visibleOptions(command), ...global].flatMap(({ long, description }) =>
    long ? [{ value: long, description }] : [],
  );
}

function findOption(command: Command, flag: string): Option | undefined {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const option = at.options.find(({ long, short }) => long === flag || short === flag);
    if (option !== undefined) return option;
  }
  return undefined;
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic ? last : undefined);
}
