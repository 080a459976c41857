import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { openApiDocument } from './openapi.ts';
import { installProblems } from './problems.ts';

const PREFIX = '/docs';
/** How a request tells the pages its identifier. */
const REQUEST_ID = 'request-id';

/** Everything comes from this server: the pages work without a network. Swagger UI sets inline styles. */
const CONTENT_SECURITY_POLICY = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'connect-src': ["'self'"],
  'font-src': ["'self'", 'data:'],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  'img-src': ["'self'", 'data:'],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
};

/**
 * Registers the API document, and pages to read it. Neither is made before somebody asks: most control planes are never
 * asked, and the pages' software is a tenth of all that there would be to load at a start.
 */
export function registerDocumentation(app: FastifyInstance, version: string): void {
  let document: string | undefined;
  app.get('/v1/openapi.json', async (_, reply) => {
    document ??= JSON.stringify(openApiDocument(version));
    return reply.header('content-type', 'application/json').send(document);
  });

  let pages: Promise<FastifyInstance> | null = null;
  const show = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    pages ??= createPages(app, version).catch((error: unknown) => {
      pages = null;
      throw error;
    });
    const { routing } = await pages;
    request.raw.headers[REQUEST_ID] = request.id;
    reply.hijack();
    routing(request.raw, reply.raw);
  };
  app.get(PREFIX, show);
  // What people try who have the address alone.
  for (const path of ['/', '/v1', '/v1/']) app.get(path, async (_, reply) => reply.redirect(PREFIX));
  app.get(`${PREFIX}/*`, show);
}

/** A server of its own, since plugins can only be registered before a server answers; it has no socket. */
async function createPages(app: FastifyInstance, version: string): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const pages = fastify({
    loggerInstance: app.log,
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: REQUEST_ID,
  });
  installProblems(pages);
  pages.addHook('onSend', async (request, reply) => {
    reply.header('request-id', request.id);
  });
  await pages.register(swagger, { mode: 'static', specification: { document: openApiDocument(version) as never } });
  await pages.register(swaggerUi, {
    routePrefix: PREFIX,
    uiConfig: { deepLinking: true, docExpansion: 'list', validatorUrl: null },
    staticCSP: CONTENT_SECURITY_POLICY,
    theme: { title: 'Evenkeel API' },
  });
  await pages.ready();
  return pages;
}
