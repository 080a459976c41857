import type { PlannedCertificate } from '@evenkeel/model/plan/tls.ts';

/** Text in memory that all threads share. */
export interface PackedText {
  readonly bytes: SharedArrayBuffer;
  readonly start: number;
  readonly end: number;
}

/** A certificate and its key as all threads share them: bytes that none of them keeps a copy of. */
export interface PackedCertificate extends PackedText {
  readonly id: string;
  /** The PEM of the server's own certificate is bytes[start, middle), that of its key bytes[middle, end). */
  readonly middle: number;
  /** PEM of the certificates behind it; certificates of one issuer have the same object. null: there are none. */
  readonly issuers: PackedText | null;
  /** As in the plan; null: there is none. */
  readonly staple: Staple | null;
}

/** An OCSP response that goes along with a certificate. */
export interface Staple {
  /** Base64 of DER. */
  readonly response: string;
  /** When it runs out, in Unix milliseconds; undefined: not known. */
  readonly until: number | undefined;
}

/** A planned certificate whose long texts lie packed, and are made strings again for whoever asks for them. */
export class SharedCertificate implements PlannedCertificate {
  readonly id: string;
  readonly names: readonly string[];
  readonly keyType: PlannedCertificate['keyType'];
  readonly packed: PackedCertificate;

  constructor({ id, names, keyType }: PlannedCertificate, packed: PackedCertificate) {
    this.id = id;
    this.names = names;
    this.keyType = keyType;
    this.packed = packed;
  }

  get chain(): string {
    return textOf(ownOf(this.packed)) + issuersOf(this.packed).map(textOf).join('');
  }

  get privateKey(): string {
    return textOf(privateKeyOf(this.packed));
  }

  get ocspResponse(): string | null {
    return this.packed.staple?.response ?? null;
  }

  toJSON(): PlannedCertificate {
    const { id, chain, privateKey, names, keyType, ocspResponse } = this;
    const stapledUntil = this.packed.staple?.until;
    const until = stapledUntil === undefined ? {} : { stapledUntil };
    return { id, chain, privateKey, names, keyType, ocspResponse, ...until };
  }
}

/** The end of the first certificate. */
const FIRST = /-----END CERTIFICATE-----\r?\n/;

/** Packs certificates, each call into one piece of memory; what certificates of one issuer have in common only once. */
export class CertificatePacker {
  readonly #issuers = new Map<string, PackedText>();

  /** PEM is ASCII; what else somebody has put in makes a certificate that cannot be read, not another one. */
  pack(planned: readonly PlannedCertificate[]): SharedCertificate[] {
    const pieces = planned.map(piecesOf);
    const bytes = new SharedArrayBuffer(this.#roomFor(pieces));
    const room = Buffer.from(bytes);
    let at = 0;
    const write = (text: string): PackedText => {
      const start = at;
      at += room.write(text, start, 'latin1');
      return { bytes, start, end: at };
    };
    return planned.map((certificate, i) => {
      const piece = pieces[i]!;
      const { start, end: middle } = write(piece.own);
      const { end } = write(piece.privateKey);
      const { id } = certificate;
      const staple = stapleOf(certificate);
      const issuers = piece.issuers === '' ? null : (this.#issuers.get(piece.issuers) ?? write(piece.issuers));
      if (issuers !== null) this.#issuers.set(piece.issuers, issuers);
      return new SharedCertificate(certificate, { id, bytes, start, middle, end, issuers, staple });
    });
  }

  #roomFor(pieces: readonly Pieces[]): number {
    const issuers = new Set(pieces.map((piece) => piece.issuers));
    let size = 0;
    for (const text of issuers) if (!this.#issuers.has(text)) size += text.length;
    for (const { own, privateKey } of pieces) size += own.length + privateKey.length;
    return size;
  }
}

/** Packs one by itself. */
export function packCertificate(planned: PlannedCertificate): PackedCertificate {
  return new CertificatePacker().pack([planned])[0]!.packed;
}

interface Pieces {
  readonly own: string;
  readonly issuers: string;
  readonly privateKey: string;
}

function stapleOf({ ocspResponse, stapledUntil }: PlannedCertificate): Staple | null {
  return ocspResponse === null ? null : { response: ocspResponse, until: stapledUntil };
}

function piecesOf({ chain, privateKey }: PlannedCertificate): Pieces {
  const end = FIRST.exec(chain);
  const length = end === null ? chain.length : end.index + end[0].length;
  return { own: chain.slice(0, length), issuers: chain.slice(length), privateKey };
}

/** The server's own certificate. */
export function ownOf({ bytes, start, middle }: PackedCertificate): Uint8Array {
  return new Uint8Array(bytes, start, middle - start);
}

/** What is sent along with it: one text or none. */
export function issuersOf({ issuers }: PackedCertificate): Uint8Array[] {
  return issuers === null ? [] : [new Uint8Array(issuers.bytes, issuers.start, issuers.end - issuers.start)];
}

export function privateKeyOf({ bytes, middle, end }: PackedCertificate): Uint8Array {
  return new Uint8Array(bytes, middle, end - middle);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
