import { Argument, type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { nameField, targetFields } from './resource-fields.ts';
import { several, target } from './values.ts';
import { addExamples, addIfMatch, addWait, addYes, ofLoadBalancer, reference, referenceOption } from './words.ts';

const actions = () => import('../actions/target.ts');
const REFERENCE = 'identifier, address:port, address, name, or group/… of these';

const ofGroup = (description = 'its target group') => referenceOption('--group <group>', description, 'targetGroup');

export function addTarget(program: Command, bind: Bind): void {
  const targets = program.command('target').alias('targets').description('Targets: the servers of a target group');

  const list = targets
    .command('list')
    .alias('ls')
    .description('List targets')
    .addOption(ofGroup('only those of this target group'))
    .addOption(ofLoadBalancer())
    .addOption(new Option('--address <address>', 'only those with this address'));
  addExamples(list, 'evenkeel target list --group web/web', 'evenkeel target list --lb web');
  bind(list, async (call) => (await actions()).list(call));

  const show = targets
    .command('show')
    .alias('get')
    .description('Show a target')
    .addArgument(reference('<target>', REFERENCE, 'target'))
    .addOption(ofGroup())
    .addOption(ofLoadBalancer('its load balancer'));
  addExamples(show, 'evenkeel target show web/10.0.0.11:8080');
  bind(show, async (call) => (await actions()).show(call));

  const register = targets
    .command('register')
    .aliases(['create', 'add'])
    .description('Register targets, up to 500 at once: all or none')
    .addArgument(
      new Argument('<target...>', 'address[:port][,weight=N][,zone=NAME][,name=NAME]').argParser(several(target)),
    )
    .addOption(ofGroup('the target group').makeOptionMandatory())
    .addOption(ofLoadBalancer('its load balancer'));
  addFields(register, targetFields);
  addWait(register);
  addExamples(
    register,
    'evenkeel target register --group web/web 10.0.0.13:8080 10.0.0.14:8080',
    'evenkeel target register --group web/web 10.0.0.15:8080,weight=2,name=small',
  );
  bind(register, async (call) => (await actions()).register(call));

  const update = targets
    .command('update')
    .alias('set')
    .description('Change targets of one group: all or none')
    .addArgument(reference('<target...>', REFERENCE, 'target'))
    .addOption(ofGroup())
    .addOption(ofLoadBalancer('its load balancer'));
  addFields(update, [nameField, ...targetFields]);
  addWait(addIfMatch(update));
  addExamples(
    update,
    '# no new traffic, but what is under way goes on',
    'evenkeel target update web/10.0.0.11:8080 --weight 0',
    '# only clients that stick to it',
    'evenkeel target update web/10.0.0.11:8080 --state draining',
  );
  bind(update, async (call) => (await actions()).update(call));

  const deregister = targets
    .command('deregister')
    .aliases(['delete', 'remove', 'rm'])
    .description('Deregister targets of one group; what is under way may go on for the drain timeout')
    .addArgument(reference('<target...>', REFERENCE, 'target'))
    .addOption(ofGroup())
    .addOption(ofLoadBalancer('its load balancer'));
  addWait(addYes(deregister));
  addExamples(deregister, 'evenkeel target deregister --group web/web 10.0.0.13:8080 10.0.0.14:8080');
  bind(deregister, async (call) => (await actions()).deregister(call));
}
