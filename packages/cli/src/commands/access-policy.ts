import { type Command, Option } from 'commander';
import { statementOf } from './access-statement.ts';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { commonFields, nameField } from './resource-fields.ts';
import { addExamples, addIfMatch, addYes, reference, referenceOption } from './words.ts';

const actions = () => import('../actions/access-policy.ts');

export function addAccessPolicy(program: Command, bind: Bind): void {
  const policy = program
    .command('access-policy')
    .aliases(['access-policies', 'ap'])
    .description('Access policies: what users may do beyond their role, or may not');
  const name = () => reference('<policy>', 'name or identifier', 'accessPolicy');
  const statements = (command: Command) =>
    command
      .addOption(
        new Option(
          '--deny <statement>',
          'calls, and what they are about: "delete* tag=env=prod", several times',
        ).argParser(statementOf('deny')),
      )
      .addOption(new Option('--allow <statement>', 'in the same form, several times').argParser(statementOf('allow')));

  const list = policy.command('list').alias('ls').description('List access policies');
  addExamples(list, 'evenkeel access-policy list');
  bind(list, async (call) => (await actions()).list(call));

  const show = policy.command('show').alias('get').description('Show an access policy').addArgument(name());
  addExamples(show, 'evenkeel access-policy show no-deletion');
  bind(show, async (call) => (await actions()).show(call));

  const create = statements(policy.command('create').description('Create an access policy').argument('<name>', 'name'));
  addFields(create, commonFields);
  addExamples(
    create,
    "evenkeel access-policy create prod-stays --deny 'delete*,deregister* tag=env=prod'",
    "evenkeel access-policy create one-balancer --deny '* except=lb-01ka0000000000000a'",
    "evenkeel access-policy create deployer --allow '*Target* on=lb-01ka0000000000000a'",
  );
  bind(create, async (call) => (await actions()).create(call));

  const update = statements(
    policy.command('update').alias('set').description('Change an access policy').addArgument(name()),
  );
  addFields(update, [nameField, ...commonFields]);
  addIfMatch(update);
  addExamples(update, "evenkeel access-policy update prod-stays --deny 'delete*'");
  bind(update, async (call) => (await actions()).update(call));

  const remove = policy
    .command('delete')
    .alias('rm')
    .description('Delete access policies that no user has')
    .addArgument(reference('<policy...>', 'names or identifiers', 'accessPolicy'));
  addYes(addIfMatch(remove));
  addExamples(remove, 'evenkeel access-policy delete prod-stays');
  bind(remove, async (call) => (await actions()).remove(call));

  const can = program
    .command('can')
    .description('Tell whether you, or somebody, may do something, and why; exit code 1: no')
    .argument('<action>', 'a call by its operationId, such as deleteListener')
    .option('--on <id>', 'what it would be about, by its identifier')
    .addOption(referenceOption('--user <user>', 'who (default: you)', 'user'));
  addExamples(can, 'evenkeel can deleteListener --on lsn-01ka0000000000000a --user ann');
  bind(can, async (call) => (await actions()).can(call));
}
