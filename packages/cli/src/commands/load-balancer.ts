import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { LOAD_BALANCER_FIELDS, loadBalancerFieldList } from './load-balancer-list-fields.ts';
import { forwardingFields, loadBalancerFields, nameField } from './resource-fields.ts';
import { defaultCertificateOption } from './tls-options.ts';
import { integer, protocolAndPort, several, tag, words, wordsOrNone } from './values.ts';
import { addExamples, addIfMatch, addWait, addYes, reference, referenceOption, targetOption } from './words.ts';

const TYPES = ['application', 'network', 'classic'];
const IDLE_REASONS = ['no-listeners', 'no-targets', 'no-traffic'];
const securityGroupsOption = () =>
  referenceOption(
    '--security-groups <groups>',
    'security groups that say who may connect, with commas; "none": everybody may',
    'securityGroup',
  ).argParser(wordsOrNone);
const releaseOption = () =>
  new Option('--release-eip', 'delete the elastic IP as well, in the same change; otherwise it is kept');
const actions = () => import('../actions/load-balancer.ts');

export function addLoadBalancer(program: Command, bind: Bind): void {
  const lb = program.command('lb').aliases(['load-balancer', 'lbs']).description('Load balancers');

  const list = lb
    .command('list')
    .alias('ls')
    .description('List load balancers, also with what is in them')
    .addArgument(reference('[lb...]', 'names or identifiers (default: all)', 'loadBalancer'))
    .addOption(new Option('--type <type>', 'only those of this type').choices(TYPES))
    .addOption(new Option('--tag <key=value>', 'only those with this tag, several times').argParser(tag))
    .addOption(
      new Option(
        '--fields <fields>',
        `what to show, with commas, or "all": ${LOAD_BALANCER_FIELDS.join(', ')}; a line for each listener or target where one of theirs is among them`,
      ).argParser(loadBalancerFieldList),
    )
    .addOption(new Option('--output <format>', 'form of the list').choices(['csv', 'json', 'yaml']));
  addExamples(
    list,
    'evenkeel lb list',
    'evenkeel lb list --json | jq -r ".[].vip"',
    'evenkeel lb list --fields name,listener,port,target,health',
    'evenkeel lb list --tag team=shop --fields all --output csv > shop.csv',
  );
  bind(list, async (call) => (await actions()).list(call));

  const show = lb
    .command('show')
    .alias('get')
    .description('Show a load balancer and what is in it')
    .addArgument(reference('<lb>', 'name or identifier', 'loadBalancer'));
  addExamples(show, 'evenkeel lb show web');
  bind(show, async (call) => (await actions()).show(call));

  const create = lb
    .command('create')
    .description('Create a load balancer, and with --listener everything behind it, in one step')
    .argument('[name]', 'name (default: the identifier)')
    .addOption(new Option('--type <type>', 'kind of load balancer (default application)').choices(TYPES))
    .addOption(referenceOption('--region <name>', 'the region that it is in (default local)', 'region'))
    .addOption(referenceOption('--subnet <subnet>', 'the subnet that its VIP is of (default: default)', 'subnet'))
    .option('--vip <address>', 'a free address of the subnet (default: one is chosen)')
    .addOption(referenceOption('--eip <eip>', 'an elastic IP to associate', 'elasticIp'))
    .addOption(securityGroupsOption());
  addFields(create, loadBalancerFields);
  create
    .optionsGroup('With it, all or nothing:')
    .addOption(
      new Option('--listener <protocol:port>', 'a listener with its backend service, several times').argParser(
        several(protocolAndPort),
      ),
    )
    .addOption(defaultCertificateOption('what its https and tls listeners show; twice for keys of two types'))
    .addOption(targetOption())
    .addOption(
      new Option('--target-port <port>', 'for targets without a port (default: the port of the listener)').argParser(
        integer,
      ),
    );
  addFields(create, forwardingFields);
  addWait(create);
  addExamples(
    create,
    '# HTTP on port 80, spread over two servers',
    'evenkeel lb create web --listener http:80 --target 10.0.0.11:8080 --target 10.0.0.12:8080',
    '# with health checks on a path of their own',
    'evenkeel lb create api --listener http:80 --target 10.0.0.21:9000 --health-path /healthz',
    '# two TCP ports, to the same ports of the same servers',
    'evenkeel lb create mail --listener tcp:25 --listener tcp:143 --target 10.0.0.31 --target 10.0.0.32',
    '# HTTPS, with a certificate that is there',
    'evenkeel lb create shop --listener https:443 --default-certificate www --target 10.0.0.51:8080',
    '# nothing behind it yet',
    'evenkeel lb create empty',
  );
  bind(create, async (call) => (await actions()).create(call));

  const update = lb
    .command('update')
    .alias('set')
    .description('Change a load balancer')
    .addArgument(reference('<lb>', 'name or identifier', 'loadBalancer'))
    .option('--vip <address>', 'another free address of its subnet; connections on the old one go on')
    .addOption(securityGroupsOption());
  addFields(update, [nameField, ...loadBalancerFields]);
  addWait(addIfMatch(update));
  addExamples(
    update,
    'evenkeel lb update web --deletion-protection on',
    'evenkeel lb update web --tag team=shop',
    'evenkeel lb update web --vip 10.20.1.7',
    'evenkeel lb update web --security-groups office,partners',
  );
  bind(update, async (call) => (await actions()).update(call));

  const clone = lb
    .command('clone')
    .description('Create a load balancer like another one, with everything in it and an address of its own')
    .addArgument(reference('<lb>', 'name or identifier of the one to copy', 'loadBalancer'))
    .argument('[name]', 'name of the copy (default: the identifier)')
    .option('--vip <address>', 'a free address of the same subnet (default: one is chosen)');
  addWait(clone);
  addExamples(clone, 'evenkeel lb clone web web-test');
  bind(clone, async (call) => (await actions()).clone(call));

  const start = lb
    .command('start')
    .description('Enable all listeners of a load balancer')
    .addArgument(reference('<lb>', 'name or identifier', 'loadBalancer'));
  addWait(addIfMatch(start));
  addExamples(start, 'evenkeel lb start web');
  bind(start, async (call) => (await actions()).start(call));

  const stop = lb
    .command('stop')
    .description('Disable all listeners of a load balancer: connections are drained, targets are not checked')
    .addArgument(reference('<lb>', 'name or identifier', 'loadBalancer'));
  addWait(addIfMatch(stop));
  addExamples(stop, 'evenkeel lb stop web');
  bind(stop, async (call) => (await actions()).stop(call));

  const idle = lb
    .command('idle')
    .description('List load balancers that have no listeners, no targets or no traffic some days after their creation')
    .addOption(
      new Option('--days <number>', 'days since their creation, and without traffic, at least (default 7)').argParser(
        integer,
      ),
    )
    .addOption(new Option('--reason <reason>', 'only those that are idle for this reason').choices(IDLE_REASONS))
    .addOption(
      new Option('--delete <lbs>', 'delete these of them, with commas, or "all": as one change').argParser(words),
    )
    .option('--force', 'with --delete, also what has 20 targets or more, or much traffic')
    .addOption(releaseOption());
  addWait(addYes(idle));
  addExamples(idle, 'evenkeel lb idle', 'evenkeel lb idle --days 30 --delete old,test');
  bind(idle, async (call) => (await import('../actions/idle.ts')).idle(call));

  const remove = lb
    .command('delete')
    .alias('rm')
    .description('Delete load balancers with their listeners, backend services and target groups')
    .addArgument(reference('<lb...>', 'names or identifiers', 'loadBalancer'));
  remove
    .option('--force', 'also what has 20 targets or more, or much traffic')
    .addOption(releaseOption())
    .option('--dry-run', 'only show what would go, and what stands in the way: exit code 7');
  addWait(addYes(addIfMatch(remove)));
  addExamples(
    remove,
    'evenkeel lb delete web --dry-run',
    'evenkeel lb delete web --yes',
    'evenkeel lb delete web --release-eip',
  );
  bind(remove, async (call) => (await import('../actions/load-balancer-deletion.ts')).remove(call));
}
