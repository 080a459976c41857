import Table from 'cli-table3';
import { colourOf, type Paint } from './colour.ts';
import { valueText } from './text.ts';

export interface Column<T> {
  readonly head: string;
  of(item: T): unknown;
}

/** No lines, so that `awk` and eyes find the columns alike. */
const BARE = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Rows of text under upper-case heads, ending with a line feed. Words of state are coloured. */
export function table<T>(columns: readonly Column<T>[], items: readonly T[], paint: Paint): string {
  const rows = new Table({
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    head: columns.map((column) => paint('bold', column.head)),
  });
  for (const item of items) rows.push(columns.map((column) => cell(column.of(item), paint)));
  return `${rows.toString().replace(/ +$/gm, '')}\n`;
}

export function cell(value: unknown, paint: Paint): string {
  const text = valueText(value);
  const colour = colourOf(text);
  return colour === null ? text : paint(colour, text);
}
