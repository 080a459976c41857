import type { Command } from 'commander';
import { tokenFields } from './access-fields.ts';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { addExamples, addIfMatch, addYes, reference, referenceOption } from './words.ts';

const actions = () => import('../actions/token.ts');

export function addToken(program: Command, bind: Bind): void {
  const token = program.command('token').alias('tokens').description('Access tokens: what users come with');
  const ofUser = (description: string) => referenceOption('--user <user>', description, 'user');

  const list = token
    .command('list')
    .alias('ls')
    .description('List access tokens: your own, those of all users for an admin')
    .addOption(ofUser('only those of this user'));
  addExamples(list, 'evenkeel token list --user ann');
  bind(list, async (call) => (await actions()).list(call));

  const show = token
    .command('show')
    .alias('get')
    .description('Show an access token, without what it is used by')
    .addArgument(reference('<token>', 'identifier', 'token'));
  addExamples(show, 'evenkeel token show tok-01ka0000000000000a');
  bind(show, async (call) => (await actions()).show(call));

  const create = token
    .command('create')
    .description('Create an access token, and print it: nobody can show it again')
    .addOption(ofUser('whose token it will be (default: your own)'));
  addFields(create, tokenFields);
  addExamples(
    create,
    'evenkeel token create --user ann --name laptop',
    '# for a script that reads alone, for ten days',
    'evenkeel --quiet token create --user ann --role viewer --days 10 > token',
  );
  bind(create, async (call) => (await actions()).create(call));

  const remove = token
    .command('delete')
    .aliases(['revoke', 'rm'])
    .description('Revoke access tokens: they are not accepted from the next request on')
    .addArgument(reference('<token...>', 'identifiers', 'token'));
  addYes(addIfMatch(remove));
  addExamples(remove, 'evenkeel token delete tok-01ka0000000000000a');
  bind(remove, async (call) => (await actions()).remove(call));
}
