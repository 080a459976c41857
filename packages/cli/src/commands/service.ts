import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { nameField, serviceFields } from './resource-fields.ts';
import { tlsAuthorityOption } from './tls-options.ts';
import { integer } from './values.ts';
import {
  addExamples,
  addIfMatch,
  addWait,
  addYes,
  ofLoadBalancer,
  reference,
  referenceOption,
  targetOption,
  withTag,
} from './words.ts';

const actions = () => import('../actions/service.ts');
const REFERENCE = 'identifier, name, or load balancer/name';

export function addService(program: Command, bind: Bind): void {
  const service = program
    .command('service')
    .aliases(['backend-service', 'services'])
    .description('Backend services: how traffic is spread, and how targets are checked');

  const list = service
    .command('list')
    .alias('ls')
    .description('List backend services')
    .addOption(ofLoadBalancer())
    .addOption(withTag())
    .addOption(referenceOption('--target-group <group>', 'only those that use this target group', 'targetGroup'));
  addExamples(list, 'evenkeel service list --lb web');
  bind(list, async (call) => (await actions()).list(call));

  const show = service
    .command('show')
    .alias('get')
    .description('Show a backend service')
    .addArgument(reference('<service>', REFERENCE, 'backendService'))
    .addOption(ofLoadBalancer('its load balancer'));
  addExamples(show, 'evenkeel service show web/http-80');
  bind(show, async (call) => (await actions()).show(call));

  const create = service
    .command('create')
    .description('Create a backend service')
    .argument('<name>', 'name')
    .addOption(ofLoadBalancer('its load balancer').makeOptionMandatory())
    .addOption(
      new Option('--protocol <protocol>', 'that of its listeners')
        .choices(['http', 'tcp', 'udp', 'tcp-udp'])
        .makeOptionMandatory(),
    )
    .addOption(new Option('--port <port>', 'for targets without a port').argParser(integer).makeOptionMandatory())
    .addOption(
      referenceOption('--target-group <group>', 'the target group it draws on', 'targetGroup').conflicts('target'),
    )
    .addOption(targetOption());
  create.addOption(tlsAuthorityOption());
  addFields(create, serviceFields);
  addWait(create);
  addExamples(
    create,
    '# with a target group of the same name',
    'evenkeel service create blue --lb web --protocol http --port 8080 --target 10.0.0.11 --target 10.0.0.12',
    '# on a target group that exists',
    'evenkeel service create admin --lb web --protocol http --port 9000 --target-group blue --health-path /ready',
  );
  bind(create, async (call) => (await actions()).create(call));

  const update = service
    .command('update')
    .alias('set')
    .description('Change a backend service')
    .addArgument(reference('<service>', REFERENCE, 'backendService'))
    .addOption(ofLoadBalancer('its load balancer'))
    .addOption(referenceOption('--target-group <group>', 'the target group it draws on; "none": none', 'targetGroup'));
  update.addOption(tlsAuthorityOption());
  addFields(update, [nameField, ...serviceFields]);
  addWait(addIfMatch(update));
  addExamples(
    update,
    'evenkeel service update web/http-80 --algorithm least-connections',
    'evenkeel service update web/http-80 --stickiness cookie --cookie-expiry 3600',
    'evenkeel service update web/http-80 --health-path /healthz --health-interval 2',
  );
  bind(update, async (call) => (await actions()).update(call));

  const traffic = service
    .command('traffic')
    .description('Show what each target has carried and has under way; those that drain, too')
    .addArgument(reference('<service>', REFERENCE, 'backendService'))
    .addOption(ofLoadBalancer('its load balancer'));
  addExamples(traffic, 'evenkeel service traffic web/http-80', 'watch -n 1 evenkeel service traffic web/http-80');
  bind(traffic, async (call) => (await import('../actions/service-traffic.ts')).showTraffic(call));

  const rotate = service
    .command('rotate-key')
    .description('Give the cookies of a backend service a new key; those of the key before are still taken')
    .addArgument(reference('<service>', REFERENCE, 'backendService'))
    .addOption(ofLoadBalancer('its load balancer'));
  addWait(addIfMatch(rotate));
  addExamples(rotate, 'evenkeel service rotate-key web/http-80');
  bind(rotate, async (call) => (await actions()).rotateKey(call));

  const remove = service
    .command('delete')
    .alias('rm')
    .description('Delete backend services; their target groups are kept')
    .addArgument(reference('<service...>', REFERENCE, 'backendService'))
    .addOption(ofLoadBalancer('their load balancer'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel service delete web/blue');
  bind(remove, async (call) => (await actions()).remove(call));
}
