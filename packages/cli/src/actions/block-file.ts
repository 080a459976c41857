import { isNetwork } from '@evenkeel/model/network.ts';
import type { BlockedSourceInput } from '@evenkeel/model/resources/block-list.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';

/** Errors that are shown of one file. */
const SHOWN = 5;

/**
 * Lines of `SOURCE [SECONDS|none] [REASON]`; what stands behind `#` or `;` says nothing. `standard` holds where a line says
 * nothing itself. Throws a CliFailure that names file and line when any line is something else.
 */
export function parseBlockFile(
  file: string,
  text: string,
  standard: Omit<BlockedSourceInput, 'source'>,
): BlockedSourceInput[] {
  const entries: BlockedSourceInput[] = [];
  const faults: string[] = [];
  let number = 0;
  for (const line of text.split('\n')) {
    number++;
    const said = line.replace(/[#;].*/s, '').trim();
    if (said === '') continue;
    const [source, ...rest] = said.split(/\s+/);
    if (!isNetwork(source!)) {
      faults.push(`${file}:${number}: "${source}" is no address and no CIDR block`);
      continue;
    }
    const hasTime = /^(\d{1,9}|none)$/.test(rest[0] ?? '');
    const reason = rest.slice(hasTime ? 1 : 0).join(' ');
    entries.push({
      source: source!,
      ...standard,
      ...(hasTime && { seconds: rest[0] === 'none' ? null : Number(rest[0]) }),
      ...(reason !== '' && { reason }),
    });
  }
  if (faults.length === 0) return entries;
  const more = faults.length > SHOWN ? [`and ${faults.length - SHOWN} more`] : [];
  throw new CliFailure(EXIT.usage, `${file} is no list of sources; nothing was changed:`, [
    ...faults.slice(0, SHOWN),
    ...more,
  ]);
}
