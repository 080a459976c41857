import type { Command } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { nameField, ruleGroupFields } from './resource-fields.ts';
import { addExamples, addIfMatch, addWait, addYes, ofLoadBalancer, reference, withTag } from './words.ts';

const actions = () => import('../actions/rule-group.ts');
const REFERENCE = 'identifier, name, or load balancer/name';

export function addRuleGroup(program: Command, bind: Bind): void {
  const group = program
    .command('rule-group')
    .aliases(['rg', 'rule-groups'])
    .description('Rule groups: what HTTP listeners do with requests');

  const list = group
    .command('list')
    .alias('ls')
    .description('List rule groups')
    .addOption(ofLoadBalancer())
    .addOption(withTag());
  addExamples(list, 'evenkeel rule-group list --lb web');
  bind(list, async (call) => (await actions()).list(call));

  const show = group
    .command('show')
    .alias('get')
    .description('Show a rule group and its rules')
    .addArgument(reference('<group>', REFERENCE, 'ruleGroup'))
    .addOption(ofLoadBalancer('its load balancer'));
  addExamples(show, 'evenkeel rule-group show web/sites');
  bind(show, async (call) => (await actions()).show(call));

  const create = group
    .command('create')
    .description('Create a rule group without rules')
    .argument('<name>', 'name')
    .addOption(ofLoadBalancer('its load balancer').makeOptionMandatory());
  addFields(create, ruleGroupFields);
  addWait(create);
  addExamples(
    create,
    'evenkeel rule-group create sites --lb web --order stay-in-host',
    'evenkeel listener update web/http-80 --rule-group sites',
  );
  bind(create, async (call) => (await actions()).create(call));

  const update = group
    .command('update')
    .alias('set')
    .description('Change a rule group')
    .addArgument(reference('<group>', REFERENCE, 'ruleGroup'))
    .addOption(ofLoadBalancer('its load balancer'));
  addFields(update, [nameField, ...ruleGroupFields]);
  addWait(addIfMatch(update));
  addExamples(update, 'evenkeel rule-group update web/sites --order fall-through');
  bind(update, async (call) => (await actions()).update(call));

  const remove = group
    .command('delete')
    .alias('rm')
    .description('Delete rule groups with their rules; listeners do without them from then on')
    .addArgument(reference('<group...>', REFERENCE, 'ruleGroup'))
    .addOption(ofLoadBalancer('their load balancer'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel rule-group delete web/sites');
  bind(remove, async (call) => (await actions()).remove(call));
}
