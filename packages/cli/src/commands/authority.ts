import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { hinted } from './hints.ts';
import { authorityFields, nameField } from './resource-fields.ts';
import { addExamples, addIfMatch, addWait, addYes, reference, withTag } from './words.ts';

const actions = () => import('../actions/authority.ts');
const REFERENCE = 'name or identifier';

const file = (flags: string, description: string) => hinted(new Option(flags, description), 'file');
const certificates = () => file('--certificates <file>', 'PEM: one certificate or several');
const revocationLists = (more = '') => file('--crl <file>', `PEM: what they have revoked${more}`);

export function addAuthority(program: Command, bind: Bind): void {
  const authority = program
    .command('authority')
    .aliases(['ca', 'authorities'])
    .description('Authorities: what the certificates of clients or targets are judged by');

  const list = authority.command('list').alias('ls').description('List authorities').addOption(withTag());
  addExamples(list, 'evenkeel authority list');
  bind(list, async (call) => (await actions()).list(call));

  const show = authority
    .command('show')
    .alias('get')
    .description('Show an authority, and where it is used')
    .addArgument(reference('<authority>', REFERENCE, 'authority'));
  addExamples(show, 'evenkeel authority show clients');
  bind(show, async (call) => (await actions()).show(call));

  const create = authority
    .command('create')
    .description('Upload an authority')
    .argument('[name]', 'name (default: the identifier)')
    .addOption(certificates().makeOptionMandatory())
    .addOption(revocationLists());
  addFields(create, authorityFields);
  addWait(create);
  addExamples(create, 'evenkeel authority create clients --certificates ca.pem --crl revoked.pem');
  bind(create, async (call) => (await actions()).create(call));

  const update = authority
    .command('update')
    .alias('set')
    .description('Change an authority, or put other certificates or revocation lists in place')
    .addArgument(reference('<authority>', REFERENCE, 'authority'))
    .addOption(certificates())
    .addOption(revocationLists('; "none": nothing'));
  addFields(update, [nameField, ...authorityFields]);
  addWait(addIfMatch(update));
  addExamples(update, 'evenkeel authority update clients --crl revoked.pem');
  bind(update, async (call) => (await actions()).update(call));

  const remove = authority
    .command('delete')
    .alias('rm')
    .description('Delete authorities that nothing uses')
    .addArgument(reference('<authority...>', 'names or identifiers', 'authority'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel authority delete clients');
  bind(remove, async (call) => (await actions()).remove(call));
}
