import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { ParsedCertificate } from '../../src/tls/certificate.ts';
import { NativeMemory } from '../../src/tls/ffi/native-memory.ts';
import {
  BIO_CTRL_RESET,
  BIO_ctrl,
  BIO_new,
  BIO_read,
  BIO_s_mem,
  BIO_up_ref,
  BIO_write,
  ERR_clear_error,
  SSL_CTX_new,
  SSL_do_handshake,
  SSL_free,
  SSL_get_servername,
  SSL_new,
  SSL_set_accept_state,
  SSL_set_bio,
  TLS_server_method,
} from '../../src/tls/ffi/openssl.ts';
import { packCertificate } from '../../src/tls/packed-certificate.ts';

export interface OpensslReading {
  /** Bytes that OpenSSL has answered with: a ServerHello or an alert. */
  readonly said: number;
  /** The answer is a ServerHello. */
  readonly answers: boolean;
  /** In lower case, without a final dot; empty: none. */
  readonly serverName: string;
}

const HANDSHAKE = 22;
const memory = new NativeMemory();
const input = BIO_new(BIO_s_mem());
const output = BIO_new(BIO_s_mem());
const context = SSL_CTX_new(TLS_server_method());
for (const key of ['p256', 'rsa-2048'] as const) {
  const { certificate, key: privateKey } = issue({ key });
  const own = { names: [], keyType: key === 'p256' ? 'ecdsa' : 'rsa', ocspResponse: null } as const;
  const packed = packCertificate({ id: key, chain: certificate, privateKey, ...own });
  ParsedCertificate.parse(packed, memory).addTo(context, key);
}

/** What a server of OpenSSL's makes of the first bytes of a connection. */
export function readWithOpenssl(bytes: Uint8Array): OpensslReading {
  const ssl = SSL_new(context);
  BIO_up_ref(input);
  BIO_up_ref(output);
  SSL_set_bio(ssl, input, output);
  SSL_set_accept_state(ssl);
  memory.with(bytes, (address, size) => BIO_write(input, address, size));
  SSL_do_handshake(ssl);
  const said = Math.max(0, BIO_read(output, memory.address, memory.bytes.length));
  const answers = said > 0 && memory.bytes[0] === HANDSHAKE;
  const serverName = SSL_get_servername(ssl, 0) ?? '';
  SSL_free(ssl);
  ERR_clear_error();
  for (const bio of [input, output]) BIO_ctrl(bio, BIO_CTRL_RESET, 0, 0);
  return { said, answers, serverName: serverName.toLowerCase().replace(/\.$/, '') };
}
