import koffi, { type TypeObject } from 'koffi';

/**
 * OpenSSL 3.5 as Node's own binary exports it: no other copy is loaded, and it is updated with Node. Objects and memory
 * are addresses, which are plain numbers, as in `reactor/ffi/libc.ts`; 0 is NULL. This is the only module that knows
 * koffi on the side of TLS. Numbers of constants are from the headers that come with Node.
 */
const library = koffi.load(null);

type Address = number;

function declare<F>(prototype: string): F {
  return library.func(prototype) as unknown as F;
}

// Errors are kept in a queue of the thread; see `errors.ts`.
export const ERR_clear_error: () => void = declare('void ERR_clear_error()');
export const ERR_get_error: () => number = declare('uint64_t ERR_get_error()');
export const ERR_reason_error_string: (code: number) => string | null = declare(
  'const char *ERR_reason_error_string(uint64_t)',
);

// Memory.
export const CRYPTO_memdup: (data: Address, size: number, file: Address, line: number) => Address = declare(
  'int64_t CRYPTO_memdup(int64_t, size_t, int64_t, int)',
);
export const memcpy: (to: Address, from: Address, size: number) => Address = declare(
  'int64_t memcpy(int64_t, int64_t, size_t)',
);

// Streams of bytes.
export const BIO_s_mem: () => Address = declare('int64_t BIO_s_mem()');
export const BIO_new: (method: Address) => Address = declare('int64_t BIO_new(int64_t)');
export const BIO_new_mem_buf: (data: Address, size: number) => Address = declare(
  'int64_t BIO_new_mem_buf(int64_t, int)',
);
export const BIO_free: (bio: Address) => number = declare('int BIO_free(int64_t)');
export const BIO_up_ref: (bio: Address) => number = declare('int BIO_up_ref(int64_t)');
export const BIO_write: (bio: Address, data: Address, size: number) => number = declare(
  'int BIO_write(int64_t, int64_t, int)',
);
export const BIO_read: (bio: Address, data: Address, size: number) => number = declare(
  'int BIO_read(int64_t, int64_t, int)',
);
export const BIO_ctrl: (bio: Address, command: number, value: number, data: Address) => number = declare(
  'int64_t BIO_ctrl(int64_t, int, int64_t, int64_t)',
);
export const BIO_ctrl_pending: (bio: Address) => number = declare('size_t BIO_ctrl_pending(int64_t)');
export const BIO_CTRL_RESET = 1;

// Certificates and keys.
export const PEM_read_bio_X509: (bio: Address, out: Address, callback: Address, arg: Address) => Address = declare(
  'int64_t PEM_read_bio_X509(int64_t, int64_t, int64_t, int64_t)',
);
export const PEM_read_bio_X509_CRL: (bio: Address, out: Address, callback: Address, arg: Address) => Address = declare(
  'int64_t PEM_read_bio_X509_CRL(int64_t, int64_t, int64_t, int64_t)',
);
export const PEM_read_bio_PrivateKey: (bio: Address, out: Address, callback: Address, arg: Address) => Address =
  declare('int64_t PEM_read_bio_PrivateKey(int64_t, int64_t, int64_t, int64_t)');
export const X509_free: (certificate: Address) => void = declare('void X509_free(int64_t)');
export const X509_CRL_free: (list: Address) => void = declare('void X509_CRL_free(int64_t)');
export const EVP_PKEY_free: (key: Address) => void = declare('void EVP_PKEY_free(int64_t)');
export const EVP_PKEY_get_base_id: (key: Address) => number = declare('int EVP_PKEY_get_base_id(int64_t)');
export const EVP_PKEY_get_bits: (key: Address) => number = declare('int EVP_PKEY_get_bits(int64_t)');
export const EVP_PKEY_RSA = 6;
export const EVP_PKEY_EC = 408;
export const X509_check_private_key: (certificate: Address, key: Address) => number = declare(
  'int X509_check_private_key(int64_t, int64_t)',
);
export const X509_get_subject_name: (certificate: Address) => Address = declare(
  'int64_t X509_get_subject_name(int64_t)',
);
export const X509_get_issuer_name: (certificate: Address) => Address = declare('int64_t X509_get_issuer_name(int64_t)');
export const X509_NAME_print_ex: (bio: Address, name: Address, indent: number, flags: number) => number = declare(
  'int X509_NAME_print_ex(int64_t, int64_t, int, unsigned long)',
);
/** Distinguished names as RFC 2253 (RFC 4514) writes them, in printable ASCII. */
export const XN_FLAG_RFC2253 = 0x1110317;
export const i2d_X509_bio: (bio: Address, certificate: Address) => number = declare(
  'int i2d_X509_bio(int64_t, int64_t)',
);
export const X509_get0_notAfter: (certificate: Address) => Address = declare('int64_t X509_get0_notAfter(int64_t)');
export const X509_CRL_get0_nextUpdate: (list: Address) => Address = declare(
  'int64_t X509_CRL_get0_nextUpdate(int64_t)',
);
/** Writes the days and the seconds from one time to another, as two ints; a `from` of 0 is now. */
export const ASN1_TIME_diff: (days: Address, seconds: Address, from: Address, to: Address) => number = declare(
  'int ASN1_TIME_diff(int64_t, int64_t, int64_t, int64_t)',
);
export const X509_STORE_new: () => Address = declare('int64_t X509_STORE_new()');
export const X509_STORE_free: (store: Address) => void = declare('void X509_STORE_free(int64_t)');
export const X509_STORE_add_cert: (store: Address, certificate: Address) => number = declare(
  'int X509_STORE_add_cert(int64_t, int64_t)',
);
export const X509_STORE_add_crl: (store: Address, list: Address) => number = declare(
  'int X509_STORE_add_crl(int64_t, int64_t)',
);
export const X509_STORE_set_flags: (store: Address, flags: number) => number = declare(
  'int X509_STORE_set_flags(int64_t, unsigned long)',
);
export const X509_V_FLAG_CRL_CHECK = 0x4;
export const X509_V_FLAG_CRL_CHECK_ALL = 0x8;
export const X509_V_FLAG_PARTIAL_CHAIN = 0x80000;
export const X509_verify_cert_error_string: (code: number) => string = declare(
  'const char *X509_verify_cert_error_string(long)',
);
export const X509_VERIFY_PARAM_set1_ip_asc: (parameters: Address, ip: string) => number = declare(
  'int X509_VERIFY_PARAM_set1_ip_asc(int64_t, const char *)',
);

// Contexts: what connections are made from.
export const TLS_server_method: () => Address = declare('int64_t TLS_server_method()');
export const TLS_client_method: () => Address = declare('int64_t TLS_client_method()');
export const SSL_CTX_new: (method: Address) => Address = declare('int64_t SSL_CTX_new(int64_t)');
export const SSL_CTX_free: (context: Address) => void = declare('void SSL_CTX_free(int64_t)');
export const SSL_CTX_ctrl: (context: Address, command: number, value: number, data: Address) => number = declare(
  'long SSL_CTX_ctrl(int64_t, int, long, int64_t)',
);
export const SSL_CTX_callback_ctrl: (context: Address, command: number, callback: Address) => number = declare(
  'long SSL_CTX_callback_ctrl(int64_t, int, int64_t)',
);
export const SSL_CTX_set_options: (context: Address, options: number) => number = declare(
  'uint64_t SSL_CTX_set_options(int64_t, uint64_t)',
);
export const SSL_CTX_set_num_tickets: (context: Address, count: number) => number = declare(
  'int SSL_CTX_set_num_tickets(int64_t, size_t)',
);
export const SSL_CTX_set_cipher_list: (context: Address, names: string) => number = declare(
  'int SSL_CTX_set_cipher_list(int64_t, const char *)',
);
export const SSL_CTX_set_ciphersuites: (context: Address, names: string) => number = declare(
  'int SSL_CTX_set_ciphersuites(int64_t, const char *)',
);
export const SSL_CTX_use_certificate: (context: Address, certificate: Address) => number = declare(
  'int SSL_CTX_use_certificate(int64_t, int64_t)',
);
export const SSL_CTX_use_PrivateKey: (context: Address, key: Address) => number = declare(
  'int SSL_CTX_use_PrivateKey(int64_t, int64_t)',
);
export const SSL_CTX_set_verify: (context: Address, mode: number, callback: Address) => void = declare(
  'void SSL_CTX_set_verify(int64_t, int, int64_t)',
);
export const SSL_CTX_set_verify_depth: (context: Address, depth: number) => void = declare(
  'void SSL_CTX_set_verify_depth(int64_t, int)',
);
export const SSL_CTX_set1_cert_store: (context: Address, store: Address) => void = declare(
  'void SSL_CTX_set1_cert_store(int64_t, int64_t)',
);
export const SSL_CTX_add_client_CA: (context: Address, certificate: Address) => number = declare(
  'int SSL_CTX_add_client_CA(int64_t, int64_t)',
);
export const SSL_CTX_set_session_id_context: (context: Address, id: Address, size: number) => number = declare(
  'int SSL_CTX_set_session_id_context(int64_t, int64_t, unsigned int)',
);
export const SSL_CTX_set_alpn_protos: (context: Address, protocols: Address, size: number) => number = declare(
  'int SSL_CTX_set_alpn_protos(int64_t, int64_t, unsigned int)',
);
export const SSL_CTX_set_alpn_select_cb: (context: Address, callback: Address, arg: Address) => void = declare(
  'void SSL_CTX_set_alpn_select_cb(int64_t, int64_t, int64_t)',
);
export const SSL_CTX_set_tlsext_ticket_key_evp_cb: (context: Address, callback: Address) => number = declare(
  'int SSL_CTX_set_tlsext_ticket_key_evp_cb(int64_t, int64_t)',
);
export const SSL_CTX_set_session_ticket_cb: (
  context: Address,
  generate: Address,
  decrypt: Address,
  arg: Address,
) => number = declare('int SSL_CTX_set_session_ticket_cb(int64_t, int64_t, int64_t, int64_t)');
export const SSL_CTRL_MODE = 33;
export const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
export const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
export const SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB = 63;
export const SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB_ARG = 64;
export const SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP = 71;
export const SSL_CTRL_CHAIN_CERT = 89;
export const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
export const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;
export const SSL_SESS_CACHE_OFF = 0;
export const SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 0x2;
export const SSL_MODE_NO_AUTO_CHAIN = 0x8;
export const SSL_MODE_RELEASE_BUFFERS = 0x10;
export const SSL_OP_NO_TICKET = 1 << 14;
export const SSL_OP_NO_COMPRESSION = 1 << 17;
export const SSL_OP_PRIORITIZE_CHACHA = 1 << 21;
export const SSL_OP_CIPHER_SERVER_PREFERENCE = 1 << 22;
export const SSL_OP_NO_RENEGOTIATION = 1 << 30;
export const SSL_VERIFY_NONE = 0;
export const SSL_VERIFY_PEER = 1;
export const SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2;
export const SSL_TLSEXT_ERR_OK = 0;
export const SSL_TLSEXT_ERR_ALERT_FATAL = 2;
export const SSL_TLSEXT_ERR_NOACK = 3;

// Connections.
export const SSL_new: (context: Address) => Address = declare('int64_t SSL_new(int64_t)');
export const SSL_free: (ssl: Address) => void = declare('void SSL_free(int64_t)');
export const SSL_set_bio: (ssl: Address, input: Address, output: Address) => void = declare(
  'void SSL_set_bio(int64_t, int64_t, int64_t)',
);
export const SSL_set_accept_state: (ssl: Address) => void = declare('void SSL_set_accept_state(int64_t)');
export const SSL_set_connect_state: (ssl: Address) => void = declare('void SSL_set_connect_state(int64_t)');
export const SSL_do_handshake: (ssl: Address) => number = declare('int SSL_do_handshake(int64_t)');
export const SSL_read: (ssl: Address, data: Address, size: number) => number = declare(
  'int SSL_read(int64_t, int64_t, int)',
);
export const SSL_write: (ssl: Address, data: Address, size: number) => number = declare(
  'int SSL_write(int64_t, int64_t, int)',
);
export const SSL_shutdown: (ssl: Address) => number = declare('int SSL_shutdown(int64_t)');
export const SSL_get_error: (ssl: Address, result: number) => number = declare('int SSL_get_error(int64_t, int)');
export const SSL_ERROR_WANT_READ = 2;
export const SSL_ERROR_ZERO_RETURN = 6;
export const SSL_ctrlText: (ssl: Address, command: number, value: number, text: string) => number = declare(
  'long SSL_ctrl(int64_t, int, long, const char *)',
);
export const SSL_ctrl: (ssl: Address, command: number, value: number, data: Address) => number = declare(
  'long SSL_ctrl(int64_t, int, long, int64_t)',
);
export const SSL_set1_host: (ssl: Address, name: string) => number = declare(
  'int SSL_set1_host(int64_t, const char *)',
);
export const SSL_get0_param: (ssl: Address) => Address = declare('int64_t SSL_get0_param(int64_t)');
export const SSL_version: (ssl: Address) => number = declare('int SSL_version(int64_t)');
export const SSL_get_current_cipher: (ssl: Address) => Address = declare('int64_t SSL_get_current_cipher(int64_t)');
export const SSL_CIPHER_get_name: (cipher: Address) => string = declare('const char *SSL_CIPHER_get_name(int64_t)');
export const SSL_session_reused: (ssl: Address) => number = declare('int SSL_session_reused(int64_t)');
export const SSL_get_verify_result: (ssl: Address) => number = declare('long SSL_get_verify_result(int64_t)');
export const SSL_get0_peer_certificate: (ssl: Address) => Address = declare(
  'int64_t SSL_get0_peer_certificate(int64_t)',
);
export const SSL_get_servername: (ssl: Address, type: number) => string | null = declare(
  'const char *SSL_get_servername(int64_t, int)',
);
export const SSL_get_certificate: (ssl: Address) => Address = declare('int64_t SSL_get_certificate(int64_t)');

// Session tickets.
export const SSL_get_session: (ssl: Address) => Address = declare('int64_t SSL_get_session(int64_t)');
export const SSL_SESSION_get0_peer: (session: Address) => Address = declare('int64_t SSL_SESSION_get0_peer(int64_t)');
/** Data of ours that goes into tickets with the session, and comes out of them. */
export const SSL_SESSION_set1_ticket_appdata: (session: Address, data: Address, size: number) => number = declare(
  'int SSL_SESSION_set1_ticket_appdata(int64_t, int64_t, size_t)',
);
/** Writes their address and their size to the two places. */
export const SSL_SESSION_get0_ticket_appdata: (session: Address, data: Address, size: Address) => number = declare(
  'int SSL_SESSION_get0_ticket_appdata(int64_t, int64_t, int64_t)',
);
/** The peer's certificates as they were found good, the trusted one included; 0 without a full handshake. */
export const SSL_get0_verified_chain: (ssl: Address) => Address = declare('int64_t SSL_get0_verified_chain(int64_t)');
/** Of no stack (0), there are -1. */
export const OPENSSL_sk_num: (stack: Address) => number = declare('int OPENSSL_sk_num(int64_t)');
export const OPENSSL_sk_value: (stack: Address, index: number) => Address = declare(
  'int64_t OPENSSL_sk_value(int64_t, int)',
);
export const SSL_TICKET_SUCCESS = 5;
export const SSL_TICKET_SUCCESS_RENEW = 6;
export const SSL_TICKET_RETURN_IGNORE_RENEW = 2;
export const SSL_TICKET_RETURN_USE = 3;
export const SSL_TICKET_RETURN_USE_RENEW = 4;
export const RAND_bytes: (data: Address, size: number) => number = declare('int RAND_bytes(int64_t, int)');
export const EVP_aes_256_cbc: () => Address = declare('int64_t EVP_aes_256_cbc()');
export const EVP_EncryptInit_ex: (
  context: Address,
  cipher: Address,
  engine: Address,
  key: Address,
  iv: Address,
) => number = declare('int EVP_EncryptInit_ex(int64_t, int64_t, int64_t, int64_t, int64_t)');
export const EVP_DecryptInit_ex: typeof EVP_EncryptInit_ex = declare(
  'int EVP_DecryptInit_ex(int64_t, int64_t, int64_t, int64_t, int64_t)',
);
export const EVP_MAC_init: (context: Address, key: Address, size: number, parameters: Address) => number = declare(
  'int EVP_MAC_init(int64_t, int64_t, size_t, int64_t)',
);

/** Where the memory of an array outside of the garbage-collected heap lies. It must be one that never moves. */
export function addressOf(memory: Uint8Array): number {
  return Number(koffi.address(memory));
}

/**
 * Functions for OpenSSL to call: always from inside a call that this thread makes to it. They live as long as the
 * process.
 */
export function alpnCallback(
  select: (ssl: number, out: number, outSize: number, offered: number, size: number) => number,
): Address {
  return register('int EvenkeelAlpn(int64_t, int64_t, int64_t, int64_t, uint32_t, int64_t)', select);
}

export function ticketCallback(
  choose: (ssl: number, name: number, iv: number, cipher: number, mac: number, encrypt: number) => number,
): Address {
  return register('int EvenkeelTicket(int64_t, int64_t, int64_t, int64_t, int64_t, int)', choose);
}

export function newTicketCallback(prepare: (ssl: number, arg: number) => number): Address {
  return register('int EvenkeelNewTicket(int64_t, int64_t)', prepare);
}

export function sessionCallback(
  judge: (ssl: number, session: number, name: number, size: number, status: number, arg: number) => number,
): Address {
  return register('int EvenkeelSession(int64_t, int64_t, int64_t, size_t, int, int64_t)', judge);
}

export function statusCallback(staple: (ssl: number, arg: number) => number): Address {
  return register('int EvenkeelStatus(int64_t, int64_t)', staple);
}

const types = new Map<string, TypeObject>();

function register(prototype: string, callback: (...values: number[]) => number): Address {
  const type = types.get(prototype) ?? koffi.pointer(koffi.proto(prototype));
  types.set(prototype, type);
  return Number(koffi.address(koffi.register(callback, type)));
}
