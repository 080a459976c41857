import type { Command } from 'commander';
import type { Bind } from './call.ts';
import { addRuleOptions } from './rule-options.ts';
import { addExamples, addIfMatch, addWait, addYes, ofLoadBalancer, reference, referenceOption } from './words.ts';

const actions = () => import('../actions/rule.ts');

const inGroup = () => referenceOption('--group <group>', 'the rule group', 'ruleGroup');
const ofGroup = () => inGroup().makeOptionMandatory();
const REFERENCE_IN_GROUP = 'identifier or name with --group, else group/rule or load-balancer/group/rule';

export function addRule(program: Command, bind: Bind): void {
  const rule = program.command('rule').alias('rules').description('Rules: what is done with which requests');

  const list = rule
    .command('list')
    .alias('ls')
    .description('List the rules of a group in order of priority')
    .addOption(ofGroup())
    .addOption(ofLoadBalancer('its load balancer'));
  addExamples(list, 'evenkeel rule list --group web/sites');
  bind(list, async (call) => (await actions()).list(call));

  const show = rule
    .command('show')
    .alias('get')
    .description('Show a rule, and how many requests it has matched')
    .addArgument(reference('<rule>', REFERENCE_IN_GROUP, 'rule'))
    .addOption(inGroup())
    .addOption(ofLoadBalancer('its load balancer'));
  addExamples(show, 'evenkeel rule show api --group web/sites', 'evenkeel rule show web/sites/api');
  bind(show, async (call) => (await actions()).show(call));

  const create = rule
    .command('create')
    .description('Create a rule')
    .argument('<name>', 'name')
    .addOption(ofGroup())
    .addOption(ofLoadBalancer('its load balancer'));
  addWait(addRuleOptions(create));
  addExamples(
    create,
    "evenkeel rule create api --group web/sites --host api.example.com --path '/v1/*' --forward api",
    '# one client in ten gets the new version, and stays with it',
    'evenkeel rule create canary --group web/sites --host www.example.com --forward blue=9,green=1',
    'evenkeel rule create to-https --group web/plain --redirect 301,protocol=https,port=443',
  );
  bind(create, async (call) => (await actions()).create(call));

  const update = rule
    .command('update')
    .alias('set')
    .description('Change a rule')
    .addArgument(reference('<rule>', REFERENCE_IN_GROUP, 'rule'))
    .addOption(inGroup())
    .addOption(ofLoadBalancer('its load balancer'))
    .option('--name <name>', 'name');
  addWait(addIfMatch(addRuleOptions(update)));
  addExamples(
    update,
    'evenkeel rule update canary --group web/sites --forward blue=1,green=1',
    'evenkeel rule update api --group web/sites --method GET,HEAD --priority 5',
  );
  bind(update, async (call) => (await actions()).update(call));

  const remove = rule
    .command('delete')
    .alias('rm')
    .description('Delete rules')
    .addArgument(reference('<rule...>', REFERENCE_IN_GROUP, 'rule'))
    .addOption(inGroup())
    .addOption(ofLoadBalancer('its load balancer'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel rule delete canary --group web/sites');
  bind(remove, async (call) => (await actions()).remove(call));
}
