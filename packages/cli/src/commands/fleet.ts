import { OPERATION_STATES } from '@evenkeel/model/history-words.ts';
import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addControlPlanes } from './control-plane.ts';
import { addMembership } from './join-token.ts';
import { addPlacement } from './placement.ts';
import { atLeastOne, waitSeconds } from './values.ts';
import { addExamples, addWait, addYes, reference, WAIT_SECONDS } from './words.ts';

const actions = () => import('../actions/fleet.ts');
const cancelling = () => import('../actions/operation.ts');
const LATEST = 20;

/** Operations and the nodes that carry them out. */
export function addFleet(program: Command, bind: Bind): void {
  const operation = program
    .command('operation')
    .aliases(['op', 'operations'])
    .description('Operations: changes on their way to the nodes');

  const list = operation
    .command('list')
    .alias('ls')
    .description('List operations, the newest first')
    .addOption(new Option('--status <word>', 'only those with this status').choices(OPERATION_STATES))
    .option('--resource <id>', 'only those that changed this resource, by its identifier')
    .addOption(new Option('--limit <count>', 'so many').argParser(atLeastOne).default(LATEST));
  addExamples(list, 'evenkeel operation list --limit 5', 'evenkeel operation list --status refused');
  bind(list, async (call) => (await actions()).listOperations(call));

  const show = operation
    .command('show')
    .alias('get')
    .description('Show an operation, and how far each node is')
    .addArgument(reference('<operation>', 'identifier', 'operation'));
  addExamples(show, 'evenkeel operation show op-01ka0000000000000a');
  bind(show, async (call) => (await actions()).showOperation(call));

  const cancel = operation
    .command('cancel')
    .description('Take back a change that not every node has yet: shows what that touches, and asks on a terminal')
    .addArgument(reference('<operation>', 'identifier', 'operation'))
    .option('--dry-run', 'only show it: exit code 0 when nothing would change, 7 when something would');
  addWait(addYes(cancel));
  addExamples(cancel, 'evenkeel operation cancel op-01ka0000000000000a');
  bind(cancel, async (call) => (await cancelling()).cancelOperation(call));

  const retry = operation
    .command('retry')
    .description('Have nodes try at once what they refused, or have yet to apply')
    .addArgument(reference('<operation>', 'identifier', 'operation'));
  addExamples(retry, '# after the port was freed', 'evenkeel operation retry op-01ka0000000000000a');
  bind(retry, async (call) => (await cancelling()).retryOperation(call));

  const wait = program
    .command('wait')
    .description('Wait until every node has applied a change')
    .addArgument(reference('<operation>', 'identifier of the operation', 'operation'))
    .addOption(new Option('--timeout <seconds>', 'longest wait').argParser(waitSeconds).default(WAIT_SECONDS));
  addExamples(
    wait,
    '# begin several changes, wait for the last: it carries those before it',
    'evenkeel target update web/10.0.0.11 --weight 0 --no-wait --json | jq -r .operationId',
    'evenkeel wait op-01ka0000000000000a --timeout 10',
  );
  bind(wait, async (call) => (await actions()).wait(call));

  const node = program.command('node').alias('nodes').description('Nodes: the machines that carry the traffic');

  addMembership(node, bind);
  addControlPlanes(node, bind);

  const nodes = node.command('list').alias('ls').description('List nodes');
  addExamples(nodes, 'evenkeel node list');
  bind(nodes, async (call) => (await actions()).listNodes(call));

  const one = node
    .command('show')
    .alias('get')
    .description('Show a node, and every listener that it cannot run')
    .addArgument(reference('<node>', 'identifier', 'node'));
  addExamples(one, 'evenkeel node show node-1');
  bind(one, async (call) => (await actions()).showNode(call));

  addPlacement(node, bind);

  const forget = node
    .command('forget')
    .aliases(['delete', 'rm'])
    .description('Forget a node that is gone for good; operations no longer wait for it')
    .addArgument(reference('<node>', 'identifier', 'node'));
  addYes(forget);
  addExamples(forget, 'evenkeel node forget node-1');
  bind(forget, async (call) => (await actions()).forgetNode(call));
}
