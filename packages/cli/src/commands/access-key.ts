import type { Command } from 'commander';
import { accessKeyFields, tokenFields } from './access-fields.ts';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { addExamples, addIfMatch, addYes, reference, referenceOption } from './words.ts';

const actions = () => import('../actions/access-key.ts');

export function addAccessKey(program: Command, bind: Bind): void {
  const key = program
    .command('access-key')
    .alias('access-keys')
    .description('Access keys: pairs that requests are signed with, so that no secret is sent');
  const ofUser = (description: string) => referenceOption('--user <user>', description, 'user');
  const id = () => reference('<key>', 'identifier', 'accessKey');

  const list = key
    .command('list')
    .alias('ls')
    .description('List access keys: your own, those of all users for an admin')
    .addOption(ofUser('only those of this user'));
  addExamples(list, 'evenkeel access-key list --user deploy');
  bind(list, async (call) => (await actions()).list(call));

  const show = key.command('show').alias('get').description('Show an access key, without its secret').addArgument(id());
  addExamples(show, 'evenkeel access-key show ak-01ka0000000000000a');
  bind(show, async (call) => (await actions()).show(call));

  const create = key
    .command('create')
    .description('Create an access key, and print its secret: nobody can show it again')
    .addOption(ofUser('whose key it will be (default: your own)'));
  addFields(create, tokenFields);
  addExamples(
    create,
    'evenkeel access-key create --user deploy --name ci',
    '# identifier and secret, a line each',
    'evenkeel --quiet access-key create --user deploy',
  );
  bind(create, async (call) => (await actions()).create(call));

  const update = key
    .command('update')
    .alias('set')
    .description('Change an access key: switch it off and on')
    .addArgument(id());
  addFields(update, accessKeyFields);
  addIfMatch(update);
  addExamples(update, 'evenkeel access-key update ak-01ka0000000000000a --enabled off');
  bind(update, async (call) => (await actions()).update(call));

  const remove = key
    .command('delete')
    .aliases(['revoke', 'rm'])
    .description('Revoke access keys: nothing that is signed with them is accepted from the next request on')
    .addArgument(reference('<key...>', 'identifiers', 'accessKey'));
  addYes(addIfMatch(remove));
  addExamples(remove, 'evenkeel access-key delete ak-01ka0000000000000a');
  bind(remove, async (call) => (await actions()).remove(call));
}
