import { JOIN_TOKEN_STATES } from '@evenkeel/model/join-words.ts';
import { JOIN_TOKEN } from '@evenkeel/model/node-limits.ts';
import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields, type Field, integer, standard, text } from './fields.ts';
import { hinted } from './hints.ts';
import { addExamples, addYes, reference } from './words.ts';

const actions = () => import('../actions/join-token.ts');

export const joinTokenFields: readonly Field[] = [
  { flag: 'zone', field: 'zone', value: text('zone'), help: 'zone of the nodes (default: whichever they say)' },
  {
    flag: 'ttl',
    field: 'ttl',
    value: integer('seconds'),
    help: `seconds that it is good for ${standard(JOIN_TOKEN.ttl)}`,
  },
  {
    flag: 'uses',
    field: 'uses',
    value: integer('count'),
    help: `how many nodes can join with it ${standard(JOIN_TOKEN.uses)}`,
  },
  { flag: 'description', field: 'description', value: text('text'), help: 'free text' },
];

/** What makes a machine a node, and a node none: join tokens, and revoking. */
export function addMembership(node: Command, bind: Bind): void {
  const token = node
    .command('join-token')
    .alias('join-tokens')
    .description('Join tokens: what a machine comes with to become a node');

  const list = token
    .command('list')
    .alias('ls')
    .description('List join tokens')
    .addOption(new Option('--status <word>', 'only those with this status').choices(JOIN_TOKEN_STATES));
  addExamples(list, 'evenkeel node join-token list --status active');
  bind(list, async (call) => (await actions()).list(call));

  const show = token
    .command('show')
    .alias('get')
    .description('Show a join token, without what nodes come with')
    .argument('<join-token>', 'identifier');
  addExamples(show, 'evenkeel node join-token show jt-01ka0000000000000a');
  bind(show, async (call) => (await actions()).show(call));

  const create = token
    .command('create')
    .description('Create a join token, and print it: nobody can show it again')
    .addOption(
      hinted(
        new Option(
          '--node <node>',
          'the only node that it is good for, also when that was revoked, or has to join anew',
        ),
        'node',
      ),
    );
  addFields(create, joinTokenFields);
  addExamples(
    create,
    '# one node, within an hour',
    'evenkeel node join-token create --zone east',
    '# for an installer of ten machines',
    'evenkeel --quiet node join-token create --uses 10 --ttl 86400 > join-token',
  );
  bind(create, async (call) => (await actions()).create(call));

  const revoke = token
    .command('revoke')
    .aliases(['delete', 'rm'])
    .description('Revoke a join token: no node can join with it any more; those that have stay nodes')
    .argument('<join-token>', 'identifier');
  addYes(revoke);
  addExamples(revoke, 'evenkeel node join-token revoke jt-01ka0000000000000a');
  bind(revoke, async (call) => (await actions()).revoke(call));

  const revokeNode = node
    .command('revoke')
    .description('Revoke a node: its stream ends at once, and whatever it comes with is refused')
    .addArgument(reference('<node>', 'identifier', 'node'));
  addYes(revokeNode);
  addExamples(revokeNode, 'evenkeel node revoke lb-3');
  bind(revokeNode, async (call) => (await actions()).revokeNode(call));
}
