import { items } from '@evenkeel/client/items.ts';
import { CERTIFICATE } from '@evenkeel/model/limits.ts';
import type { CertificateCreate, CertificatePatch, CertificateStatus } from '@evenkeel/model/resources/certificate.ts';
import type { OptionValues } from 'commander';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { certificateFields, nameField } from '../commands/resource-fields.ts';
import { readBinaryFile, readTextFile } from '../input-file.ts';
import type { Io } from '../io.ts';
import { details } from '../output/details.ts';
import { certificateColumns } from './columns.ts';
import { certificates } from './kinds.ts';
import { listQuery } from './listing.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const { host, status } = call.options as { host?: string; status?: CertificateStatus };
    const tagged = await listQuery(session, call.options);
    const query = { ...tagged, ...(host && { hostName: host }), ...(status && { status }) };
    const all = await Array.fromAsync(items(session.client.listCertificates, { query }));
    printList(session, all, certificateColumns, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const certificate = await find(session, call);
    printOne(session, certificate, () => details(certificate, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const [name] = call.args;
    const body = {
      ...(name !== undefined && { name }),
      ...(await material(session.io, call.options)),
      ...bodyOf(certificateFields, call.options),
    } as CertificateCreate;
    const made = await session.client.createCertificate({ body });
    const message = `Certificate ${made.name} (${made.id}) for ${namesOf(made)} created: ${made.daysLeft} days left.`;
    await written(session, made, message, made.operationId, call.options);
  });
}

export function replace(call: Call) {
  return withSession(call, async (session) => {
    const body = await material(session.io, call.options);
    const { id } = await find(session, call);
    const params = { certificateId: id };
    const changed = await session.client.updateCertificate({ params, body, ...precondition(call.options) });
    const message = `Certificate ${changed.name} is replaced: ${changed.daysLeft} days left.`;
    await written(session, changed, message, changed.operationId, call.options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const extra = await ocspResponse(call.options);
    const body = patchOf<CertificatePatch>([nameField, ...certificateFields], call.options, extra);
    const { id } = await find(session, call);
    const params = { certificateId: id };
    const changed = await session.client.updateCertificate({ params, body, ...precondition(call.options) });
    await written(session, changed, `Certificate ${changed.name} changed.`, changed.operationId, call.options);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'certificate',
      find: (text) => resolve(session, certificates, text),
      describe: async (certificate) => `${certificate.name} (${certificate.id}) for ${namesOf(certificate)}`,
      remove: ({ id }) =>
        session.client.deleteCertificate({ params: { certificateId: id }, ...precondition(call.options) }),
    }),
  );
}

/** What the files that the options name hold. */
async function material(io: Io, options: OptionValues): Promise<Partial<CertificateCreate>> {
  return {
    chain: await readTextFile(options.chain, io, CERTIFICATE.chainLength),
    ...(options.key && { privateKey: await readTextFile(options.key, io, CERTIFICATE.keyLength) }),
    ...(await ocspResponse(options)),
  };
}

async function ocspResponse({ ocsp }: OptionValues): Promise<Pick<CertificatePatch, 'ocspResponse'>> {
  if (ocsp === undefined) return {};
  if (ocsp === 'none') return { ocspResponse: null };
  return { ocspResponse: (await readBinaryFile(ocsp, CERTIFICATE.ocspLength)).toString('base64') };
}

function namesOf({ names }: { readonly names: readonly string[] }): string {
  return names.length === 0 ? 'no host name' : names.join(', ');
}

function find(session: Session, call: Call) {
  return resolve(session, certificates, call.args[0] as string);
}
