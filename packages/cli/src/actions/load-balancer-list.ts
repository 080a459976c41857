import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import { stringify } from 'yaml';
import type { LoadBalancerField } from '../commands/load-balancer-list-fields.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { csv } from '../output/csv.ts';
import { table } from '../output/table.ts';
import { loadRows, valuesOf } from './load-balancer-rows.ts';
import type { Session } from './session.ts';

export type OutputForm = 'csv' | 'json' | 'yaml';

/** Prints the chosen fields of load balancers and of what is in them: as a table, or in a form for programs. */
export async function printFields(
  session: Session,
  chosen: readonly LoadBalancer[],
  fields: readonly LoadBalancerField[],
  output: OutputForm | undefined,
): Promise<void> {
  const { client, io, paint, form } = session;
  if (form === 'quiet') throw new CliFailure(EXIT.usage, 'give --quiet, or --fields and --output, not both.');
  const rows = (await loadRows(client, chosen, fields)).map((row) => valuesOf(row, fields));
  const objects = () => rows.map((values) => Object.fromEntries(values.map((value, i) => [fields[i], value])));
  switch (output ?? (form === 'json' ? 'json' : undefined)) {
    case undefined: {
      const columns = fields.map((field, i) => ({
        head: field.toUpperCase(),
        of: (values: readonly unknown[]) => values[i],
      }));
      io.out(table(columns, rows, paint));
      return;
    }
    case 'csv':
      io.out(csv(fields, rows));
      return;
    case 'json':
      io.out(`${JSON.stringify(objects(), null, 2)}\n`);
      return;
    case 'yaml':
      io.out(stringify(objects(), { aliasDuplicateObjects: false, lineWidth: 0 }));
  }
}
