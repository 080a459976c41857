import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { nameField, securityGroupFields } from './resource-fields.ts';
import { securityRule } from './security-rule.ts';
import { several } from './values.ts';
import { addExamples, addIfMatch, addWait, addYes, reference, withTag } from './words.ts';

const actions = () => import('../actions/security-group.ts');
const REFERENCE = 'name or identifier';

const ruleOption = (flag: string, help: string) =>
  new Option(`--${flag} <rule>`, help).argParser(several(securityRule));

export function addSecurityGroup(program: Command, bind: Bind): void {
  const group = program
    .command('security-group')
    .aliases(['sg', 'security-groups'])
    .description('Security groups: who may connect to the listeners of load balancers');

  const list = group.command('list').alias('ls').description('List security groups').addOption(withTag());
  addExamples(list, 'evenkeel security-group list');
  bind(list, async (call) => (await actions()).list(call));

  const show = group
    .command('show')
    .alias('get')
    .description('Show a security group with its rules, and the load balancers that use it')
    .addArgument(reference('<group>', REFERENCE, 'securityGroup'));
  addExamples(show, 'evenkeel security-group show office');
  bind(show, async (call) => (await actions()).show(call));

  const create = group
    .command('create')
    .description('Create a security group')
    .argument('<name>', 'name')
    .addOption(
      ruleOption(
        'rule',
        '"allow|deny SOURCE [all|tcp|udp[:PORT[-LAST]]] [priority=N]", several times; whoever no rule allows is refused',
      ),
    );
  addFields(create, securityGroupFields);
  addWait(create);
  addExamples(
    create,
    'evenkeel security-group create office --rule "allow 192.0.2.0/24 tcp:443"',
    '# everybody but one network; the smallest priority decides',
    'evenkeel sg create most --rule "deny 198.51.100.0/24 priority=1" --rule "allow 0.0.0.0/0" --rule "allow ::/0"',
    'evenkeel lb update web --security-groups office',
  );
  bind(create, async (call) => (await actions()).create(call));

  const update = group
    .command('update')
    .alias('set')
    .description('Change a security group, for all load balancers that use it')
    .addArgument(reference('<group>', REFERENCE, 'securityGroup'))
    .addOption(ruleOption('rule', 'a rule, several times; replaces all'))
    .addOption(ruleOption('add-rule', 'a rule to add, several times'))
    .addOption(ruleOption('remove-rule', 'a rule to take away, as show has it, several times'));
  addFields(update, [nameField, ...securityGroupFields]);
  addWait(addIfMatch(update));
  addExamples(update, 'evenkeel security-group update office --add-rule "allow 203.0.113.7 tcp:443"');
  bind(update, async (call) => (await actions()).update(call));

  const remove = group
    .command('delete')
    .alias('rm')
    .description('Delete security groups that no load balancer uses')
    .addArgument(reference('<group...>', 'names or identifiers', 'securityGroup'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel security-group delete office');
  bind(remove, async (call) => (await actions()).remove(call));
}
