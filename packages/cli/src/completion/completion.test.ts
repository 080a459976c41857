import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { cli } from '../../test/run.ts';
import { page, ScriptedApi } from '../../test/scripted-api.ts';
import { joinBashWords } from './bash-words.ts';
import { completionScript } from './scripts.ts';

const NOWHERE = { env: { EVENKEEL_HOME: '/nowhere' } };

/** The candidates for the last word, without descriptions. */
async function candidates(words: readonly string[], env: Record<string, string> = NOWHERE.env): Promise<string[]> {
  const { out, err, exitCode } = await cli(['complete', 'fish', '--', ...words], { env });
  assert.deepEqual([err, exitCode], ['', 0]);
  return out
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t')[0]);
}

/** The same of names, for which the control plane has a second to answer: asked anew where the machine has taken it. */
async function names(words: readonly string[], env: Record<string, string>): Promise<string[]> {
  let found: string[] = [];
  for (let times = 0; found.length === 0 && times < 20; times++) found = await candidates(words, env);
  return found;
}

for (const [words, expected] of [
  [['li'], ['listener']],
  [['lb', 'cr'], ['create']],
  [['tg', 'up'], ['update']],
  [['lb', 'create', '--al'], ['--algorithm']],
  [['lb', 'create', '--js'], ['--json']],
  [
    ['lb', 'create', '--algorithm', ''],
    ['round-robin', 'least-connections', 'source-ip', 'hash', 'power-of-two', 'peak-ewma'],
  ],
  [['lb', 'create', '--algorithm=le'], ['--algorithm=least-connections']],
  [['lb', 'create', 'web', '--vip', ''], []],
  [['lb', 'show', 'create', ''], []],
  [['--json', 'lb', 'sh'], ['show']],
  [['--home', 'lb', 'ope'], ['operation']],
  [
    ['completion', ''],
    ['bash', 'zsh', 'fish'],
  ],
  [
    ['upgrade', '--'],
    ['--home', '--drain-timeout', '--agent-only', '--help'],
  ],
  [
    ['status', '--'],
    ['--home', '--json'],
  ],
  [['stop', '--'], ['--home']],
  [['start', '--metrics-p'], ['--metrics-port']],
  [['apply', '-f', ''], [':files']],
  [['apply', '--home', ''], [':files']],
  [['nonsense', 'x'], []],
] as const) {
  test(`after "${words.slice(0, -1).join(' ')}" comes "${words.at(-1)}"`, async () => {
    assert.deepEqual(await candidates(words), expected);
  });
}

test('names come from the control plane', async () => {
  const lbs = [
    { id: 'lb-1', name: 'web', vip: '127.77.0.1' },
    { id: 'lb-2', name: 'mail', vip: '127.77.0.2' },
  ];
  const listeners = [
    { id: 'lsn-1', name: 'http-80', loadBalancerId: 'lb-1' },
    { id: 'lsn-2', name: 'tcp-25', loadBalancerId: 'lb-2' },
  ];
  await using api = await ScriptedApi.start({
    'GET /v1/load-balancers': page(...lbs),
    'GET /v1/listeners': page(...listeners),
  });
  const env = { EVENKEEL_URL: api.url, EVENKEEL_TOKEN: 'secret' };
  assert.deepEqual(await names(['lb', 'show', ''], env), ['web', 'mail']);
  assert.deepEqual(await names(['lb', 'delete', 'web', 'm'], env), ['mail']);
  assert.deepEqual(await names(['listener', 'show', ''], env), ['web/http-80', 'mail/tcp-25']);
  assert.deepEqual(await names(['listener', 'show', '--lb', 'mail', ''], env), ['tcp-25']);
  assert.deepEqual(await names(['listener', 'list', '--lb', 'w'], env), ['web']);
});

test('a control plane that is not there completes nothing, and says nothing', async () => {
  assert.deepEqual(await candidates(['lb', 'show', '']), []);
  assert.deepEqual(
    await candidates(['lb', 'show', ''], { EVENKEEL_URL: 'http://127.0.0.1:1', EVENKEEL_TOKEN: 'x' }),
    [],
  );
});

test('words that bash has broken are joined', () => {
  assert.deepEqual(joinBashWords(['lb', 'create', '--algorithm', '=', 'le']), {
    words: ['lb', 'create', '--algorithm=le'],
    prefix: '--algorithm=',
  });
  assert.deepEqual(joinBashWords(['target', 'show', '10.0.0.1', ':']), {
    words: ['target', 'show', '10.0.0.1:'],
    prefix: '10.0.0.1:',
  });
  assert.deepEqual(joinBashWords(['lb', '']), { words: ['lb', ''], prefix: '' });
  assert.deepEqual(joinBashWords(['lb', 'sh']), { words: ['lb', 'sh'], prefix: '' });
});

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-completion-'));
after(() => rmSync(folder, { recursive: true }));
/** An `evenkeel` for the PATH of a shell. */
writeFileSync(
  join(folder, 'evenkeel'),
  `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, '..', 'main.ts')}' "$@"\n`,
);
chmodSync(join(folder, 'evenkeel'), 0o755);
const env = { ...process.env, EVENKEEL_HOME: folder, PATH: `${folder}${delimiter}${process.env.PATH}` };

function shell(program: string, args: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync(program, args, { env, encoding: 'utf8' });
  if (error !== undefined) throw error;
  assert.equal(stderr, '');
  return stdout;
}

function skip(program: string) {
  return spawnSync(program, ['-c', 'true']).status === 0 ? false : `there is no ${program} here`;
}

test('in bash', { skip: skip('bash') }, () => {
  const script = `
    source <(evenkeel completion bash)
    complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _evenkeel; echo "\${COMPREPLY[*]}"; }
    complete_line evenkeel listener cr
    complete_line evenkeel lb create --algorithm = le
    complete_line evenkeel lb show '$(touch ${join(folder, 'ran')})'
    ls ${folder}`;
  assert.equal(shell('bash', ['-c', script]), 'create\nleast-connections\n\nevenkeel\n');
});

test('in fish', { skip: skip('fish') }, () => {
  const script = `evenkeel completion fish | source; complete -C 'evenkeel listener cr'`;
  assert.match(shell('fish', ['--no-config', '-c', script]), /^create\tCreate a listener/);
});

test('in zsh', { skip: skip('zsh') }, () => {
  const script = `
    compdef() { :; }
    _describe() { print -rl -- "\${candidates[@]}"; }
    _files() { print files; }
    source <(evenkeel completion zsh)
    words=(evenkeel listener cr) CURRENT=3; _evenkeel
    words=(evenkeel apply -f '') CURRENT=4; _evenkeel`;
  assert.match(shell('zsh', ['-f', '-c', script]), /^create:Create a listener.*\nfiles\n$/);
});

test('a script for each shell', () => {
  for (const name of ['bash', 'zsh', 'fish'] as const)
    assert.match(completionScript(name), new RegExp(`complete ${name} --`));
});
