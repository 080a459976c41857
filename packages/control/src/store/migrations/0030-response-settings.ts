import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { changeSettings } from './change-settings.ts';

/** What listeners have of settings that did not exist when they were written: they change nothing of answers. */
const LISTENER = { relativeRedirects: false, responseHeaders: [] };

/** Listeners may make redirects of their targets relative, and change headers of answers. */
export const responseSettings: Migration = {
  async up(db: Kysely<unknown>) {
    await changeSettings(db, 'listener', (settings) => ({ ...LISTENER, ...settings }));
  },
};
