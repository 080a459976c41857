import { EVENT_SEVERITIES } from '@evenkeel/model/history-words.ts';
import type { Command } from 'commander';
import type { Bind } from './call.ts';
import { addFields, type Field, onOff, text, word, wordsOrNone } from './fields.ts';
import { nameField } from './resource-fields.ts';
import { addExamples, addIfMatch, addYes, reference } from './words.ts';

const actions = () => import('../actions/webhook.ts');

const settings: readonly Field[] = [
  {
    flag: 'kinds',
    field: 'kinds',
    value: wordsOrNone('kinds'),
    help: 'kinds of events, with commas; none: all (default)',
  },
  { flag: 'severity', field: 'severity', value: word(EVENT_SEVERITIES), help: 'the least that is sent (default info)' },
  {
    flag: 'secret',
    field: 'secret',
    value: text('secret'),
    help: 'what deliveries are signed with (default: one is made)',
  },
  { flag: 'enabled', field: 'enabled', value: onOff, help: 'whether events are sent (default on)' },
  { flag: 'description', field: 'description', value: text('text'), help: 'free text' },
];
export const webhookFields: readonly Field[] = [
  nameField,
  { flag: 'installation', field: 'installation', value: onOff, help: 'also events of nodes and backups (default off)' },
  ...settings,
];
export const webhookPatchFields: readonly Field[] = [
  nameField,
  { flag: 'to', field: 'url', value: text('url'), help: 'where events are sent' },
  ...settings,
];

/** Where events are sent as they happen. */
export function addWebhook(program: Command, bind: Bind): void {
  const webhook = program.command('webhook').alias('webhooks').description('Webhooks: where events are sent');
  const name = () => reference('<webhook>', 'name or identifier', 'webhook');

  const list = webhook.command('list').alias('ls').description('List webhooks');
  addExamples(list, 'evenkeel webhook list');
  bind(list, async (call) => (await actions()).list(call));

  const show = webhook.command('show').alias('get').description('Show a webhook').addArgument(name());
  addExamples(show, 'evenkeel webhook show ops');
  bind(show, async (call) => (await actions()).show(call));

  const create = webhook
    .command('create')
    .description('Create a webhook, and print the secret that its deliveries are signed with')
    .argument('<to>', 'URL that events are sent to');
  addFields(create, webhookFields);
  addExamples(create, 'evenkeel webhook create https://hooks.example.com/evenkeel --name ops --severity warning');
  bind(create, async (call) => (await actions()).create(call));

  const update = webhook.command('update').alias('set').description('Change a webhook').addArgument(name());
  addFields(update, webhookPatchFields);
  addIfMatch(update);
  addExamples(
    update,
    'evenkeel webhook update ops --kinds target.unhealthy,node.lost',
    'evenkeel webhook update ops --enabled on',
  );
  bind(update, async (call) => (await actions()).update(call));

  const remove = webhook
    .command('delete')
    .alias('rm')
    .description('Delete webhooks, with what waits for them')
    .addArgument(reference('<webhook...>', 'names or identifiers', 'webhook'));
  addYes(addIfMatch(remove));
  addExamples(remove, 'evenkeel webhook delete ops');
  bind(remove, async (call) => (await actions()).remove(call));

  const test = webhook.command('test').description('Send a test, and tell what came of it').addArgument(name());
  addExamples(test, 'evenkeel webhook test ops');
  bind(test, async (call) => (await actions()).test(call));

  const deliveries = webhook
    .command('deliveries')
    .description('List what waits, and what was delivered or given up lately, the newest first')
    .addArgument(name());
  addExamples(deliveries, 'evenkeel webhook deliveries ops');
  bind(deliveries, async (call) => (await actions()).deliveries(call));
}
