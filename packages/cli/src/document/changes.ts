import type { ConfigurationResult, ObjectChange } from '@evenkeel/model/resources/document.ts';
import { wordsOf } from '../explain.ts';
import type { Colour, Paint } from '../output/colour.ts';
import { NOTHING, oneLine, valueText } from '../output/text.ts';

type Action = ObjectChange['action'];

const MARKS: Readonly<Record<Exclude<Action, 'unchanged'>, readonly [string, Colour]>> = {
  created: ['+', 'green'],
  updated: ['~', 'yellow'],
  deleted: ['-', 'red'],
};

/**
 * The objects that change, load balancer by load balancer, each with its fields; of those that come, with those that have
 * not their default. The rest does not show.
 */
export function changesText({ changes }: Pick<ConfigurationResult, 'changes'>, paint: Paint): string {
  const byLoadBalancer = Map.groupBy(changes, ({ loadBalancer }) => loadBalancer);
  return [...byLoadBalancer.values()].flatMap((own) => own.map((change) => objectText(change, paint))).join('');
}

/** `2 to create, 1 to change, 3 to delete; 5 as they are.` */
export function summaryText({ summary, dryRun }: Pick<ConfigurationResult, 'summary' | 'dryRun'>): string {
  const parts = [
    [summary.created, dryRun ? 'to create' : 'created'],
    [summary.updated, dryRun ? 'to change' : 'changed'],
    [summary.deleted, dryRun ? 'to delete' : 'deleted'],
  ] as const;
  const changed = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  const rest = summary.unchanged > 0 ? `; ${summary.unchanged} as they are` : '';
  return changed.length === 0 ? `No difference${rest}.` : `${changed.join(', ')}${rest}.`;
}

/** The same of a change that leaves all else alone: `2 created, 1 changed, 3 deleted.` */
export function revisedText({ summary, dryRun = false }: RevisedSummary): string {
  return summaryText({ summary: { ...summary, unchanged: 0 }, dryRun });
}

interface RevisedSummary {
  readonly summary: Omit<ConfigurationResult['summary'], 'unchanged'>;
  readonly dryRun?: boolean;
}

export function differs({ summary }: Pick<ConfigurationResult, 'summary'>): boolean {
  return summary.created + summary.updated + summary.deleted > 0;
}

function objectText(change: ObjectChange, paint: Paint): string {
  if (change.action === 'unchanged') return '';
  const [mark, colour] = MARKS[change.action];
  const head = paint(colour, `${mark} ${wordsOf(change.kind)} ${oneLine(pathOf(change))}`);
  return `${[head, ...fieldLines(change, paint)].join('\n')}\n`;
}

function fieldLines({ action, fields }: ObjectChange, paint: Paint): string[] {
  switch (action) {
    case 'created':
      return fields
        .filter(({ isDefault }) => isDefault !== true)
        .map(({ field, after }) => [field, valueText(after)])
        .filter(([, text]) => text !== NOTHING)
        .map(([field, text]) => `    ${field}: ${paint('green', text)}`);
    case 'updated':
      return fields.map(({ field, before, after }) => {
        return `    ${field}: ${paint('red', valueText(before))} → ${paint('green', valueText(after))}`;
      });
    case 'deleted':
    case 'unchanged':
      return [];
  }
}

/** `web`, `web/http-80`, `web/blue/10.0.0.1:8080`; what belongs to no load balancer has its name alone. */
function pathOf({ kind, loadBalancer, parent, name }: ObjectChange): string {
  if (kind === 'loadBalancer') return name;
  return [loadBalancer, parent, name].filter((part) => part !== null && part !== '').join('/');
}
