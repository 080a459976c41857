import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { hinted } from './hints.ts';
import { certificateFields, nameField } from './resource-fields.ts';
import { addExamples, addIfMatch, addWait, addYes, reference, withTag } from './words.ts';

const actions = () => import('../actions/certificate.ts');
const REFERENCE = 'name or identifier';

const file = (flags: string, description: string) => hinted(new Option(flags, description), 'file');
const chain = () => file('--chain <file>', 'PEM: the certificate of the server first, each followed by its issuer');
const key = () => file('--key <file>', 'PEM: its private key, unencrypted; "-": standard input');
const ocsp = (more = '') => file('--ocsp <file>', `an OCSP response to be stapled, DER${more}`);

export function addCertificate(program: Command, bind: Bind): void {
  const certificate = program
    .command('certificate')
    .aliases(['cert', 'certificates'])
    .description('Certificates: what https and tls listeners show to clients');

  const list = certificate
    .command('list')
    .alias('ls')
    .description('List certificates')
    .addOption(withTag())
    .option('--host <name>', 'only those that are for this host name')
    .addOption(
      new Option('--status <status>', 'only those in this state').choices([
        'valid',
        'expiring',
        'expired',
        'not-yet-valid',
      ]),
    );
  addExamples(list, 'evenkeel certificate list', 'evenkeel certificate list --status expiring');
  bind(list, async (call) => (await actions()).list(call));

  const show = certificate
    .command('show')
    .alias('get')
    .description('Show a certificate, and where it is used')
    .addArgument(reference('<certificate>', REFERENCE, 'certificate'));
  addExamples(show, 'evenkeel certificate show www');
  bind(show, async (call) => (await actions()).show(call));

  const create = certificate
    .command('create')
    .description('Upload a certificate with its key; the key never comes back')
    .argument('[name]', 'name (default: the identifier)')
    .addOption(chain().makeOptionMandatory())
    .addOption(key().makeOptionMandatory())
    .addOption(ocsp());
  addFields(create, certificateFields);
  addWait(create);
  addExamples(create, 'evenkeel certificate create www --chain fullchain.pem --key privkey.pem');
  bind(create, async (call) => (await actions()).create(call));

  const replace = certificate
    .command('replace')
    .description('Put a new certificate in the place of one, everywhere at once; no connection is touched')
    .addArgument(reference('<certificate>', REFERENCE, 'certificate'))
    .addOption(chain().makeOptionMandatory())
    .addOption(file('--key <file>', 'PEM: its private key (default: it has the key of the old one)'))
    .addOption(ocsp());
  addWait(addIfMatch(replace));
  addExamples(replace, 'evenkeel certificate replace www --chain fullchain.pem --key privkey.pem');
  bind(replace, async (call) => (await actions()).replace(call));

  const update = certificate
    .command('update')
    .alias('set')
    .description('Change what is said of a certificate, or its OCSP response')
    .addArgument(reference('<certificate>', REFERENCE, 'certificate'))
    .addOption(ocsp('; "none": none'));
  addFields(update, [nameField, ...certificateFields]);
  addWait(addIfMatch(update));
  addExamples(update, 'evenkeel certificate update www --ocsp response.der');
  bind(update, async (call) => (await actions()).update(call));

  const remove = certificate
    .command('delete')
    .alias('rm')
    .description('Delete certificates that no listener shows')
    .addArgument(reference('<certificate...>', 'names or identifiers', 'certificate'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel certificate delete www');
  bind(remove, async (call) => (await actions()).remove(call));
}
