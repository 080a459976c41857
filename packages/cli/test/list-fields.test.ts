import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { Installation } from './installation.ts';

let evenkeel: Installation;
before(async () => {
  evenkeel = await Installation.start();
  const targets = ['--target', '127.0.0.1:3001', '--target', '127.0.0.1:3002,weight=5'];
  const listeners = ['--listener', 'http:8081', '--listener', 'tcp:8082'];
  const about = ['--tag', 'team=shop', '--description', 'shop, "blue"'];
  await evenkeel.succeed(['lb', 'create', 'web', ...about, ...listeners, ...targets, '--no-wait']);
  await evenkeel.succeed(['lb', 'create', 'empty', '--no-wait']);
});
after(async () => evenkeel?.[Symbol.asyncDispose]());

const list = (line: string) => evenkeel.succeed(['lb', 'list', ...line.split(' ')]);

test('fields of load balancers alone are a line for each', async () => {
  assert.equal(
    await list('--fields name,tags,description --output csv'),
    'name,tags,description\r\nweb,team=shop,"shop, ""blue"""\r\nempty,,\r\n',
  );
});

test('fields of listeners and targets are a line for each of those, in every form', async () => {
  const heads = ['name', 'listener', 'port', 'target', 'target-port', 'weight'];
  const fields = `--fields ${heads.join(',')}`;
  const rows = [
    ['web', 'http-8081', '8081', '127.0.0.1', 3001, 10],
    ['web', 'http-8081', '8081', '127.0.0.1', 3002, 5],
    ['web', 'tcp-8082', '8082', '127.0.0.1', 3001, 10],
    ['web', 'tcp-8082', '8082', '127.0.0.1', 3002, 5],
    ['empty', null, null, null, null, null],
  ];
  const objects = rows.map((row) => Object.fromEntries(row.map((value, i) => [heads[i], value])));
  assert.deepEqual(JSON.parse(await list(`${fields} --output json`)), objects);
  assert.deepEqual(parse(await list(`${fields} --output yaml`)), objects);
  const lines = rows.map((row) => row.map((value) => value ?? '').join(','));
  assert.equal(await list(`${fields} --output csv`), [heads.join(','), ...lines, ''].join('\r\n'));
  assert.match(await list(fields), /^NAME +LISTENER +PORT .*\nweb +http-8081 +8081 /);
});

test('the list is of what is chosen, and what is no field is told', async () => {
  assert.equal(await list('--fields name --output csv --tag team=shop'), 'name\r\nweb\r\n');
  assert.equal(await list('empty --fields name,health --output csv'), 'name,health\r\nempty,\r\n');
  const refused = await evenkeel.run(['lb', 'list', '--fields', 'name,colour']);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.err, /no field "colour": name, id, type/);
});
