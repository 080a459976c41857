import { EVENT_KINDS, EVENT_SEVERITIES } from '@evenkeel/model/history-words.ts';
import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { integer } from './values.ts';
import { addExamples, ofLoadBalancer } from './words.ts';

const actions = () => import('../actions/events.ts');
const LATEST = 20;

/** What happens, as it happens. */
export function addEvents(program: Command, bind: Bind): void {
  const events = program
    .command('events')
    .alias('event')
    .description('What happens: targets, listeners, nodes, certificates, backups, operations; the newest first')
    .option('-f, --follow', 'go on with what happens next, until it is interrupted; the newest last')
    .addOption(new Option('--kind <kind>', 'only events of this kind').choices(EVENT_KINDS))
    .addOption(new Option('--severity <word>', 'only events that matter at least so much').choices(EVENT_SEVERITIES))
    .option('--subject <id>', 'only about this resource, node or operation, by its identifier')
    .addOption(ofLoadBalancer('only about this load balancer and what belongs to it'))
    .option('--from <time>', 'only of this time or later, such as 2026-11-01T00:00:00Z')
    .option('--to <time>', 'only before this time')
    .option('--oldest-first', 'those that are shown in the order in which they happened')
    .addOption(new Option('--limit <count>', 'so many of those that have happened').argParser(integer).default(LATEST));
  addExamples(
    events,
    'evenkeel events --severity warning --lb web',
    '# from now on, one line of JSON each',
    'evenkeel events --follow --limit 0 --json | jq -r .message',
  );
  bind(events, async (call) => (await actions()).events(call));
}
