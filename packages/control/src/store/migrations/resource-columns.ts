import type { CreateTableBuilder } from 'kysely';

/** What every table of resources begins with. Released migrations use it, so it never changes. */
export const RESOURCE_COLUMNS = (table: CreateTableBuilder<string, never>) =>
  table
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('generation', 'bigint', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull());
