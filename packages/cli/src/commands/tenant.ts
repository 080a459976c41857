import type { Command } from 'commander';
import { quotaOption, tenantFields } from './access-fields.ts';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { nameField } from './resource-fields.ts';
import { addExamples, addIfMatch, addYes, reference } from './words.ts';

const actions = () => import('../actions/tenant.ts');

export function addTenant(program: Command, bind: Bind): void {
  const tenant = program
    .command('tenant')
    .alias('tenants')
    .description('Tenants: teams or projects that see nothing of each other');
  const name = () => reference('<tenant>', 'name or identifier', 'tenant');

  const list = tenant.command('list').alias('ls').description('List the tenants that your role reaches');
  addExamples(list, 'evenkeel tenant list');
  bind(list, async (call) => (await actions()).list(call));

  const show = tenant.command('show').alias('get').description('Show a tenant').addArgument(name());
  addExamples(show, 'evenkeel tenant show shop');
  bind(show, async (call) => (await actions()).show(call));

  const create = tenant
    .command('create')
    .description('Create a tenant')
    .argument('<name>', 'name')
    .addOption(quotaOption());
  addFields(create, tenantFields);
  addExamples(
    create,
    'evenkeel tenant create shop --quota loadBalancers=20',
    '# and somebody who looks after it',
    'evenkeel --tenant shop user create ann --role admin',
    'evenkeel --tenant shop token create --user ann',
  );
  bind(create, async (call) => (await actions()).create(call));

  const update = tenant
    .command('update')
    .alias('set')
    .description('Change a tenant')
    .addArgument(name())
    .addOption(quotaOption());
  addFields(update, [nameField, ...tenantFields]);
  addIfMatch(update);
  addExamples(update, 'evenkeel tenant update shop --quota certificates=500 --quota elasticIps=none');
  bind(update, async (call) => (await actions()).update(call));

  const remove = tenant
    .command('delete')
    .alias('rm')
    .description('Delete tenants that have nothing but users')
    .addArgument(reference('<tenant...>', 'names or identifiers', 'tenant'));
  addYes(addIfMatch(remove));
  addExamples(remove, 'evenkeel tenant delete shop');
  bind(remove, async (call) => (await actions()).remove(call));
}
