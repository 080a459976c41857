import { ERROR_PAGES } from '@evenkeel/model/limits.ts';
import type { ErrorPage } from '@evenkeel/model/resources/error-page.ts';
import { NotCarried } from './findings.ts';

/** Pages that send clients to `location`, one for each status. Throws NotCarried when a listener cannot have them. */
export function pagesElsewhere(statuses: readonly string[], location: string): ErrorPage[] {
  if (!/^(https?:\/\/[!-#%-~]+|\/[!-#%-~]*)$/.test(location)) {
    throw new NotCarried('leads to what is made of parts of the request');
  }
  return statuses.map((text) => {
    const status = Number(text);
    const { minimum, maximum } = ERROR_PAGES.status;
    if (status >= minimum && status <= maximum) return { status, location };
    throw new NotCarried(`is about ${text}: pages are for errors, ${minimum} to ${maximum}`);
  });
}

/** The last page of each status is the one that counts. */
export function errorPagesOf(pages: readonly ErrorPage[]): { errorPages?: ErrorPage[] } {
  const byStatus = new Map(pages.map((page) => [page.status, page]));
  return byStatus.size === 0 ? {} : { errorPages: [...byStatus.values()] };
}
