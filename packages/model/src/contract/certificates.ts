import { Id } from '../identifiers.ts';
import {
  CERTIFICATE_STATUS,
  Certificate,
  CertificateCreate,
  CertificatePatch,
  CertificateWritten,
} from '../resources/certificate.ts';
import { Deleted } from '../resources/operation.ts';
import { Ref, Words } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['certificates'] as const;
const params = Type.Object({ certificateId: Id('certificate', 'Identifier of the certificate.') });
const path = '/v1/certificates/{certificateId}';

export const certificateRoutes = {
  listCertificates: {
    method: 'GET',
    path: '/v1/certificates',
    summary: 'List certificates',
    tags,
    query: ListQuery({
      name: NameFilter,
      tag: TagFilter,
      hostName: Type.Optional(Type.String({ maxLength: 253, description: 'Only those that are for this host name.' })),
      status: Type.Optional(Words(CERTIFICATE_STATUS, 'Only those in this state.')),
    }),
    status: 200,
    response: Page(Certificate),
  },
  createCertificate: {
    method: 'POST',
    path: '/v1/certificates',
    summary: 'Upload a certificate',
    description: 'A chain with its private key. The key is stored encrypted, and is in no answer.',
    tags,
    body: Ref(CertificateCreate),
    status: 201,
    response: Ref(CertificateWritten),
    idempotent: true,
  },
  getCertificate: {
    method: 'GET',
    path,
    summary: 'Show a certificate',
    tags,
    params,
    status: 200,
    response: Ref(Certificate),
  },
  updateCertificate: {
    method: 'PATCH',
    path,
    summary: 'Change or replace a certificate',
    description:
      'A new `chain`, with a new `privateKey` unless it has the old one, takes the place of the old everywhere at once' +
      '; no connection is touched. It must be for every name that listeners show it for. The OCSP response ' +
      'belongs to the old certificate, and goes with it unless a new one comes along.',
    tags,
    params,
    body: Ref(CertificatePatch),
    status: 200,
    response: Ref(CertificateWritten),
    ifMatch: true,
  },
  deleteCertificate: {
    method: 'DELETE',
    path,
    summary: 'Delete a certificate',
    description: 'Refused while a listener uses it.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
