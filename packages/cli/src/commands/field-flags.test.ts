import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, Option } from 'commander';
import { buildProgram } from '../program.ts';
import { flagOf } from './field-flags.ts';

const program = buildProgram({ out: () => {}, err: () => {} }, (command) => command);

function command(...words: string[]): Command {
  return words.reduce((parent, word) => parent.commands.find((sub) => sub.name() === word)!, program);
}

test('a field is told by the option that sets it, within objects and lists too', () => {
  const update = command('listener', 'update');
  assert.equal(flagOf(update, 'limits.requestsPerSecond'), '--max-requests-per-second');
  assert.equal(flagOf(update, 'headerTimeout'), '--header-timeout');
  assert.equal(flagOf(update, 'trustedProxies[3]'), '--trusted-proxies');
  assert.equal(flagOf(command('service', 'update'), 'healthCheck.codes[1]'), '--health-codes');
});

test('a service that is created with its listener has its options there', () => {
  assert.equal(flagOf(command('lb', 'create'), 'listeners[0].service.healthCheck.path'), '--health-path');
  assert.equal(flagOf(command('listener', 'create'), 'service.retry.budget'), '--retry-budget');
  assert.equal(flagOf(command('listener', 'create'), 'service.targets[0].address'), null);
});

test('parameters of a question are called as the options are', () => {
  assert.equal(flagOf(command('explain'), 'query header/0'), '--header');
  assert.equal(flagOf(command('explain'), 'query source'), '--source');
  assert.equal(flagOf(command('explain'), 'query listenerId'), null);
});

test('what no option sets has none', () => {
  assert.equal(flagOf(command('listener', 'create'), 'port'), null);
  assert.equal(flagOf(command('listener', 'update').addOption(new Option('--port <n>')), 'port'), null);
});
