/** A PEM block (RFC 7468): its label, such as `CERTIFICATE`, and its text with both borders. */
export interface PemBlock {
  readonly label: string;
  readonly text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n[\s\S]*?-----END \1-----/g;

/** The blocks of a text in order; what is between them is commentary, and left out. */
export function pemBlocks(text: string): PemBlock[] {
  return Array.from(text.matchAll(BLOCK), ([block, label]) => ({ label: label!, text: block.replaceAll('\r', '') }));
}

/** The bytes of a block; null when it is not base64. */
export function pemBytes({ text }: PemBlock): Buffer | null {
  const body = text.split('\n').slice(1, -1).join('').replace(/\s+/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(body) ? Buffer.from(body, 'base64') : null;
}
