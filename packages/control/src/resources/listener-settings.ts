import { isLogFormatFault, parseLogFormat } from '@evenkeel/model/access-log-format.ts';
import { ERROR_PAGES, HEADER_TIMEOUT, IDLE_TIMEOUT } from '@evenkeel/model/limits.ts';
import { canonicalNetwork } from '@evenkeel/model/network.ts';
import type { ErrorPage } from '@evenkeel/model/resources/error-page.ts';
import type { ListenerCreate, ListenerPatch, ListenerProtocol } from '@evenkeel/model/resources/listener.ts';
import { ListenerLimits } from '@evenkeel/model/resources/listener-limits.ts';
import { completed } from '@evenkeel/model/schema.ts';
import { SERVICE_PROTOCOL } from '@evenkeel/model/settings.ts';
import { refuseField } from '../problem.ts';
import { fixedEditsOf } from '../routing/headers.ts';
import type { ListenerRecord } from '../state/records.ts';
import { checkHttpSettings, FORWARDING, HTTP_DEFAULTS } from './http-settings.ts';

/** The settings of a new listener, with defaults where it says nothing. `at` is the pointer to `input`. */
export function newListenerSettings(
  input: Omit<ListenerCreate, 'loadBalancerId'>,
  protocol: ListenerProtocol,
  at: string,
) {
  checkHttpSettings(protocol, input, HTTP_DEFAULTS, at);
  const settings = {
    description: input.description ?? '',
    tags: input.tags ?? {},
    enabled: input.enabled ?? true,
    idleTimeout: input.idleTimeout ?? IDLE_TIMEOUT.default[SERVICE_PROTOCOL[protocol]],
    headerTimeout: input.headerTimeout ?? HEADER_TIMEOUT.default,
    bodyTimeout: input.bodyTimeout ?? HTTP_DEFAULTS.bodyTimeout,
    sendTimeout: input.sendTimeout ?? HTTP_DEFAULTS.sendTimeout,
    keepAliveTimeout: input.keepAliveTimeout ?? HTTP_DEFAULTS.keepAliveTimeout,
    accessLog: input.accessLog ?? true,
    accessLogFormat: input.accessLogFormat ?? null,
    requestId: input.requestId ?? HTTP_DEFAULTS.requestId,
    trustedProxies: input.trustedProxies ?? [],
    allowedSources: input.allowedSources ?? [],
    acceptProxyProtocol: input.acceptProxyProtocol ?? false,
    desyncMode: input.desyncMode ?? HTTP_DEFAULTS.desyncMode,
    upgradeIdleTimeout: input.upgradeIdleTimeout ?? HTTP_DEFAULTS.upgradeIdleTimeout,
    compression: input.compression ?? HTTP_DEFAULTS.compression,
    relativeRedirects: input.relativeRedirects ?? HTTP_DEFAULTS.relativeRedirects,
    responseHeaders: input.responseHeaders ?? [],
    errorPages: input.errorPages ?? [],
    forwarding: { ...FORWARDING, ...input.forwarding },
    limits: completed(ListenerLimits, input.limits ?? {}),
  };
  return { ...settings, ...checkedSettings(settings, settings, at) };
}

/** The changed fields of a listener, for its record. `at` is the pointer to `patch`. */
export function changedListenerSettings(
  listener: ListenerRecord,
  patch: ListenerPatch,
  at: string,
): Partial<ListenerRecord> {
  checkHttpSettings(listener.protocol, patch, listener, at);
  // Those with objects inside are merged: here, or in listener-tls.ts.
  const { forwarding, limits, clientCertificates: _, hsts: __, ...plain } = patch;
  return {
    ...plain,
    ...(forwarding && { forwarding: { ...listener.forwarding, ...forwarding } }),
    ...(limits && { limits: { ...listener.limits, ...limits } }),
    ...checkedSettings(patch, { ...listener, ...plain }, at),
  };
}

/** What schemas cannot say of settings; `given` are those that were sent, `whole` all as they will be. */
function checkedSettings(
  {
    trustedProxies,
    allowedSources,
    responseHeaders,
    errorPages,
    accessLogFormat,
  }: Pick<ListenerPatch, 'trustedProxies' | 'allowedSources' | 'responseHeaders' | 'errorPages' | 'accessLogFormat'>,
  whole: { readonly acceptProxyProtocol: boolean; readonly trustedProxies: readonly string[] },
  at: string,
) {
  if (whole.acceptProxyProtocol && whole.trustedProxies.length === 0) {
    const reason = 'is empty: a header of the PROXY protocol is taken from trusted proxies alone';
    refuseField('validation-failed', `${at}/trustedProxies`, reason);
  }
  const parsed = accessLogFormat == null ? null : parseLogFormat(accessLogFormat);
  if (isLogFormatFault(parsed))
    refuseField('validation-failed', `${at}/accessLogFormat`, parsed.reason, parsed.allowed);
  return {
    ...(trustedProxies && { trustedProxies: canonical(trustedProxies) }),
    ...(allowedSources && { allowedSources: canonical(allowedSources) }),
    ...(responseHeaders && { responseHeaders: fixedEditsOf(responseHeaders, `${at}/responseHeaders`) }),
    ...(errorPages && {
      errorPages: errorPages.map((page, i) => checkedPage(page, errorPages, i, `${at}/errorPages`)),
    }),
  };
}

function checkedPage(page: ErrorPage, pages: readonly ErrorPage[], i: number, at: string): ErrorPage {
  if (pages.findIndex(({ status }) => status === page.status) < i) {
    refuseField('validation-failed', `${at}/${i}/status`, `there is a page for ${page.status} before`);
  }
  if (page.body === undefined && page.location === undefined) {
    refuseField('validation-failed', `${at}/${i}/body`, 'is missing: give what is sent, or a location');
  }
  return { contentType: ERROR_PAGES.contentType, ...page };
}

/** Blocks in one form each, and each once. */
function canonical(blocks: readonly string[]): string[] {
  return [...new Set(blocks.map((block) => canonicalNetwork(block)!))];
}
