import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import type { Bind } from './commands/call.ts';
import { examplesOf } from './commands/words.ts';
import { buildProgram } from './program.ts';

const silent = { out: () => {}, err: () => {} };
/** Commands that main.ts runs, and help. */
const ELSEWHERE = new Set(['start', 'status', 'stop', 'upgrade']);

/** The commands that do something, with their words. */
function leaves(command: Command, words: readonly string[] = []): { words: readonly string[]; command: Command }[] {
  if (command.commands.length === 0) return [{ words, command }];
  return command.commands.flatMap((sub) => leaves(sub, [...words, sub.name()]));
}

const all = leaves(buildProgram(silent, (command) => command)).filter(({ words }) => !ELSEWHERE.has(words[0]));

test('every command has a description and examples', () => {
  assert.ok(all.length > 35);
  for (const { words, command } of all) {
    assert.notEqual(command.description(), '', words.join(' '));
    assert.notEqual(examplesOf(command).length, 0, words.join(' '));
  }
});

test('every example can be typed, and the command that it is an example of is called', async () => {
  for (const { words, command } of all) {
    const ran: string[] = [];
    const bind: Bind = (sub) => sub.action(() => void ran.push(wordsOf(sub)));
    for (const line of examplesOf(command)) {
      const called = [...line.matchAll(/\bevenkeel ([^|>)]*)/g)].map(([, typed]) => wordsIn(typed));
      if (line.startsWith('# ')) continue;
      assert.notEqual(called.length, 0, line);
      for (const typed of called) await buildProgram(silent, bind).parseAsync(typed, { from: 'user' });
    }
    assert.ok(ran.includes(words.join(' ')), words.join(' '));
  }
});

test('names of commands and their aliases are not taken twice', () => {
  for (const parent of [buildProgram(silent, (command) => command)]) {
    for (const group of [parent, ...parent.commands]) {
      const names = group.commands.flatMap((sub) => [sub.name(), ...sub.aliases()]);
      assert.equal(new Set(names).size, names.length, group.name());
    }
  }
});

/** As a shell splits it: what stands in quotes is one word, without them. */
function wordsIn(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|\S+/g)].map(([word, double, single]) => double ?? single ?? word);
}

function wordsOf(command: Command): string {
  const parent = command.parent;
  return parent === null || parent.parent === null ? command.name() : `${wordsOf(parent)} ${command.name()}`;
}
