import type { Command } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { nameField, targetGroupFields } from './resource-fields.ts';
import { addExamples, addIfMatch, addWait, addYes, ofLoadBalancer, reference, targetOption, withTag } from './words.ts';

const actions = () => import('../actions/target-group.ts');
const REFERENCE = 'identifier, name, or load balancer/name';

export function addTargetGroup(program: Command, bind: Bind): void {
  const group = program
    .command('target-group')
    .aliases(['tg', 'target-groups'])
    .description('Target groups: servers that do the same work');

  const list = group
    .command('list')
    .alias('ls')
    .description('List target groups')
    .addOption(ofLoadBalancer())
    .addOption(withTag());
  addExamples(list, 'evenkeel target-group list --lb web');
  bind(list, async (call) => (await actions()).list(call));

  const show = group
    .command('show')
    .alias('get')
    .description('Show a target group and its targets')
    .addArgument(reference('<group>', REFERENCE, 'targetGroup'))
    .addOption(ofLoadBalancer('its load balancer'));
  addExamples(show, 'evenkeel target-group show web/web');
  bind(show, async (call) => (await actions()).show(call));

  const create = group
    .command('create')
    .description('Create a target group')
    .argument('<name>', 'name')
    .addOption(ofLoadBalancer('its load balancer').makeOptionMandatory())
    .addOption(targetOption());
  addFields(create, targetGroupFields);
  addWait(create);
  addExamples(create, 'evenkeel target-group create green --lb web --target 10.0.1.11:8080 --target 10.0.1.12:8080');
  bind(create, async (call) => (await actions()).create(call));

  const update = group
    .command('update')
    .alias('set')
    .description('Change a target group')
    .addArgument(reference('<group>', REFERENCE, 'targetGroup'))
    .addOption(ofLoadBalancer('its load balancer'));
  addFields(update, [nameField, ...targetGroupFields]);
  addWait(addIfMatch(update));
  addExamples(update, 'evenkeel target-group update web/green --name live');
  bind(update, async (call) => (await actions()).update(call));

  const remove = group
    .command('delete')
    .alias('rm')
    .description('Delete target groups with their targets')
    .addArgument(reference('<group...>', REFERENCE, 'targetGroup'))
    .addOption(ofLoadBalancer('their load balancer'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel target-group delete web/green');
  bind(remove, async (call) => (await actions()).remove(call));
}
