import { ApiError } from '@evenkeel/client/errors.ts';
import type { ConfigurationDocument } from '@evenkeel/model/resources/document.ts';
import { problemInFiles } from '../document/problem.ts';
import type { DocumentEntry } from '../document/read.ts';

/** What the entries of files are as the body of a call; what is wrong with it is said of the files. */
export async function sendDocuments<T>(
  entries: readonly DocumentEntry[],
  send: (documents: Omit<ConfigurationDocument, 'dryRun'>) => Promise<T>,
): Promise<T> {
  const lists: Partial<Record<DocumentEntry['list'], unknown[]>> = {};
  for (const { list, value } of entries) {
    // It is no list, and for imports alone.
    if (list !== 'sealed') (lists[list] ??= []).push(value);
  }
  try {
    return await send(lists as Omit<ConfigurationDocument, 'dryRun'>);
  } catch (error) {
    if (error instanceof ApiError && error.problem.errors) throw problemInFiles(error, entries);
    throw error;
  }
}
