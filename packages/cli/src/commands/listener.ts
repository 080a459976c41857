import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { forwardingFields, listenerFields, nameField } from './resource-fields.ts';
import { addTlsReferences, tlsAuthorityOption } from './tls-options.ts';
import { integer, protocolAndPort } from './values.ts';
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

const actions = () => import('../actions/listener.ts');
const REFERENCE = 'identifier, name, or load balancer/name';

export function addListener(program: Command, bind: Bind): void {
  const listener = program.command('listener').alias('listeners').description('Listeners: where traffic comes in');

  const list = listener
    .command('list')
    .alias('ls')
    .description('List listeners')
    .addOption(ofLoadBalancer())
    .addOption(withTag())
    .addOption(referenceOption('--service <service>', 'only those that use this backend service', 'backendService'));
  addExamples(list, 'evenkeel listener list', 'evenkeel listener list --lb web');
  bind(list, async (call) => (await actions()).list(call));

  const show = listener
    .command('show')
    .alias('get')
    .description('Show a listener, and what each node made of it')
    .addArgument(reference('<listener>', REFERENCE, 'listener'))
    .addOption(ofLoadBalancer('its load balancer'));
  addExamples(show, 'evenkeel listener show web/http-80');
  bind(show, async (call) => (await actions()).show(call));

  const create = listener
    .command('create')
    .description('Create a listener, for a backend service that exists or with one of its own')
    .argument(
      '<protocol:port>',
      'such as http:80, https:443, tcp:5432, tls:6514; of a network load balancer also udp:53, tcp-udp:53 or udp:9000-9100',
      protocolAndPort,
    )
    .addOption(ofLoadBalancer('its load balancer').makeOptionMandatory())
    .option('--name <name>', 'name (default: protocol and port, such as http-80)')
    .addOption(
      referenceOption('--service <service>', 'the backend service it forwards to', 'backendService').conflicts([
        'target',
        'targetGroup',
        'targetPort',
      ]),
    );
  addTlsReferences(create);
  create.addOption(
    referenceOption('--rule-group <group>', 'what is done with requests before the service is asked', 'ruleGroup'),
  );
  addFields(create, listenerFields);
  create
    .optionsGroup('With a backend service of its own:')
    .addOption(
      referenceOption('--target-group <group>', 'the target group it draws on', 'targetGroup').conflicts('target'),
    )
    .addOption(targetOption())
    .addOption(
      new Option('--target-port <port>', 'for targets without a port (default: the port of the listener)').argParser(
        integer,
      ),
    );
  create.addOption(tlsAuthorityOption());
  addFields(create, forwardingFields);
  addWait(create);
  addExamples(
    create,
    '# a second way to a service that exists',
    'evenkeel listener create http:8080 --lb web --service http-80',
    '# with a service and targets of its own',
    'evenkeel listener create tcp:5432 --lb web --target 10.0.0.41 --target 10.0.0.42 --algorithm least-connections',
    '# with a certificate, and another for one name',
    'evenkeel listener create https:443 --lb web --service http-80 --default-certificate www --certificate shop.example.com=shop',
  );
  bind(create, async (call) => (await actions()).create(call));

  const update = listener
    .command('update')
    .alias('set')
    .description('Change a listener')
    .addArgument(reference('<listener>', REFERENCE, 'listener'))
    .addOption(ofLoadBalancer('its load balancer'))
    .addOption(
      referenceOption('--service <service>', 'the backend service it forwards to; "none": nowhere', 'backendService'),
    )
    .addOption(
      referenceOption(
        '--rule-group <group>',
        'what is done with requests before the service is asked; "none": nothing',
        'ruleGroup',
      ),
    );
  addTlsReferences(update);
  addFields(update, [nameField, ...listenerFields]);
  addWait(addIfMatch(update));
  addExamples(
    update,
    'evenkeel listener update web/http-80 --enabled off',
    'evenkeel listener update web/http-80 --service blue',
    'evenkeel listener update web/http-80 --rule-group sites --trusted-proxies 10.0.0.0/8',
  );
  bind(update, async (call) => (await actions()).update(call));

  const remove = listener
    .command('delete')
    .alias('rm')
    .description('Delete listeners; their backend services are kept')
    .addArgument(reference('<listener...>', REFERENCE, 'listener'))
    .addOption(ofLoadBalancer('their load balancer'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel listener delete web/http-80');
  bind(remove, async (call) => (await actions()).remove(call));
}
