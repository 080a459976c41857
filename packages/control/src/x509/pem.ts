/** A PEM block (RFC 7468): its label, such as `CERTIFICATE`, and its text with both borders. */
export interface PemBlock {
  readonly label: string;
  readonly text: string;
}

const BORDER = /^\s*-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----\s*$/;

/**
 * The blocks of a text in order; what is between them is commentary, and left out. It goes line by line, so that the time
 * does not grow faster than the text: a block that does not end takes nothing of those behind it. Indentation is dropped.
 */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly lines: string[] } | null = null;
  for (const line of text.split(/\r?\n/)) {
    const [, border, label] = BORDER.exec(line) ?? [];
    if (border === 'BEGIN') open = { label: label!, lines: [`-----BEGIN ${label}-----`] };
    else if (border === 'END' && open?.label === label) {
      blocks.push({ label: label!, text: [...open!.lines, `-----END ${label}-----`].join('\n') });
      open = null;
    } else open?.lines.push(line.trim());
  }
  return blocks;
}

/** The bytes of a block; null when it is not base64. */
export function pemBytes({ text }: PemBlock): Buffer | null {
  const body = text.split('\n').slice(1, -1).join('').replace(/\s+/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(body) ? Buffer.from(body, 'base64') : null;
}
