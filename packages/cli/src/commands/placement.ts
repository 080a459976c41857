import { NODE_DRAIN } from '@evenkeel/model/zones.ts';
import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { integer } from './values.ts';
import { addExamples, addWait, reference } from './words.ts';

const actions = () => import('../actions/placement.ts');

/** Taking nodes out of use, and into it again. */
export function addPlacement(node: Command, bind: Bind): void {
  const name = () => reference('<node>', 'identifier', 'node');

  const cordon = node
    .command('cordon')
    .description('Place nothing new on a node; it keeps what it has')
    .addArgument(name());
  addWait(cordon);
  addExamples(cordon, 'evenkeel node cordon node-1');
  bind(cordon, async (call) => (await actions()).cordon(call));

  const uncordon = node
    .command('uncordon')
    .description('Take a node into use again that was cordoned or drained')
    .addArgument(name());
  addWait(uncordon);
  addExamples(uncordon, 'evenkeel node uncordon node-1');
  bind(uncordon, async (call) => (await actions()).uncordon(call));

  const drain = node
    .command('drain')
    .description('Take all load balancers off a node: others take over first, then its connections may end')
    .addArgument(name())
    .addOption(
      new Option('--deadline <seconds>', 'how long to wait for its connections to end')
        .argParser(integer)
        .default(NODE_DRAIN.default),
    )
    .option('--force', 'also the last node of its zone: what only it has is on none then')
    .option('--no-wait', 'do not wait until it is done');
  addExamples(
    drain,
    '# before the machine is worked on',
    'evenkeel node drain node-1 --deadline 600',
    '# and after that',
    'evenkeel node uncordon node-1',
  );
  bind(drain, async (call) => (await actions()).drain(call));
}
