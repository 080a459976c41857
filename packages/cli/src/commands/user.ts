import type { Command } from 'commander';
import { userFields } from './access-fields.ts';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { nameField } from './resource-fields.ts';
import { wordsOrNone } from './values.ts';
import { addExamples, addIfMatch, addYes, reference, referenceOption } from './words.ts';

const policiesOption = () =>
  referenceOption(
    '--access-policies <policies>',
    'access policies that hold for the user, with commas; "none": none',
    'accessPolicy',
  ).argParser(wordsOrNone);
const actions = () => import('../actions/user.ts');

export function addUser(program: Command, bind: Bind): void {
  const whoami = program.command('whoami').description('Show who you are to the control plane, and what you may do');
  addExamples(whoami, 'evenkeel whoami');
  bind(whoami, async (call) => (await actions()).whoami(call));

  const user = program.command('user').alias('users').description('Users: people and programs that use the API');
  const name = () => reference('<user>', 'name or identifier', 'user');

  const list = user.command('list').alias('ls').description('List users');
  addExamples(list, 'evenkeel user list');
  bind(list, async (call) => (await actions()).list(call));

  const show = user.command('show').alias('get').description('Show a user').addArgument(name());
  addExamples(show, 'evenkeel user show ann');
  bind(show, async (call) => (await actions()).show(call));

  const create = user
    .command('create')
    .description('Create a user; a token comes by "evenkeel token create"')
    .argument('<name>', 'name');
  create.addOption(policiesOption());
  addFields(create, userFields);
  addExamples(create, 'evenkeel user create ann --role operator', 'evenkeel token create --user ann');
  bind(create, async (call) => (await actions()).create(call));

  const update = user.command('update').alias('set').description('Change a user').addArgument(name());
  update.addOption(policiesOption());
  addFields(update, [nameField, ...userFields]);
  addIfMatch(update);
  addExamples(update, 'evenkeel user update ann --role viewer', 'evenkeel user update ann --enabled off');
  bind(update, async (call) => (await actions()).update(call));

  const password = user
    .command('password')
    .description('Give a user a password, from the first line of standard input; all sessions of the user end')
    .addArgument(name())
    .option('--remove', 'take it away');
  addExamples(
    password,
    '# from a file: evenkeel user password ann < file',
    'evenkeel user password ann',
    'evenkeel user password ann --remove',
  );
  bind(password, async (call) => (await actions()).password(call));

  const remove = user
    .command('delete')
    .alias('rm')
    .description('Delete users and their tokens')
    .addArgument(reference('<user...>', 'names or identifiers', 'user'));
  addYes(addIfMatch(remove));
  addExamples(remove, 'evenkeel user delete ann');
  bind(remove, async (call) => (await actions()).remove(call));
}
