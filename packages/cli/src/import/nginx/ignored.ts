import type { Directive } from './words.ts';

/** Blocks that are read block by block, so that each of their directives is told by itself. */
const BLOCKS = new Set(['http', 'stream', 'server', 'location']);

/** What a load balancer of ours does anyway, or what is about nginx's own process. */
const NOT_NEEDED = new Set(
  (
    'user worker_processes worker_rlimit_nofile worker_cpu_affinity worker_shutdown_timeout pid daemon error_log events ' +
    'load_module pcre_jit thread_pool env include access_log log_format sendfile tcp_nopush tcp_nodelay types ' +
    'default_type server_tokens types_hash_max_size types_hash_bucket_size server_names_hash_bucket_size ' +
    'server_names_hash_max_size variables_hash_max_size variables_hash_bucket_size map_hash_bucket_size map_hash_max_size ' +
    'proxy_http_version proxy_buffering proxy_buffers proxy_buffer_size proxy_busy_buffers_size proxy_request_buffering ' +
    'proxy_max_temp_file_size proxy_temp_path client_body_buffer_size client_body_temp_path client_header_buffer_size ' +
    'large_client_header_buffers keepalive_requests reset_timedout_connection open_file_cache open_file_cache_valid ' +
    'open_file_cache_min_uses open_file_cache_errors charset gzip_types gzip_vary gzip_proxied gzip_comp_level gzip_buffers ' +
    'gzip_http_version gzip_min_length gzip_disable ignore_invalid_headers merge_slashes underscores_in_headers log_not_found ' +
    'server_name_in_redirect port_in_redirect absolute_redirect proxy_ssl_session_reuse ssl_session_cache ' +
    'ssl_session_timeout ssl_session_tickets ssl_buffer_size ssl_dhparam ssl_stapling ssl_stapling_verify ' +
    'ssl_trusted_certificate ssl_prefer_server_ciphers index expires etag resolver resolver_timeout preread_timeout'
  ).split(' '),
);

export function isNeeded(block: string): boolean {
  return BLOCKS.has(block);
}

/** Why a directive that nobody has read is not carried over; null when it is not missed. */
export function reasonLeftOut({ name, args }: Directive): string | null {
  if (NOT_NEEDED.has(name)) return null;
  // Upgrades pass by themselves.
  if (name === 'map' && args[0] === '$http_upgrade') return null;
  if (/^proxy_(cache|store|no_cache)/.test(name)) return 'is not there: nothing is cached';
  if (/^limit_(req|conn|rate)/.test(name)) return 'has to be set in the `limits` of the listener';
  if (/^(fastcgi|uwsgi|scgi|grpc|memcached)_/.test(name)) return 'targets are spoken to by HTTP/1.1 alone';
  if (/^ssl_(protocols|ciphers|conf_command|ecdh_curve)/.test(name))
    return 'has to be chosen by the `securityPolicy` of the listener';
  if (/_by_lua/.test(name)) return 'is a program';
  switch (name) {
    case 'if':
    case 'set':
    case 'map':
    case 'geo':
    case 'split_clients':
    case 'rewrite':
      return 'is about variables: write rules for what it decides';
    case 'error_page':
      return 'has to be written as `errorPages` of the listener';
    case 'proxy_next_upstream':
    case 'proxy_next_upstream_tries':
    case 'proxy_next_upstream_timeout':
      return 'has to be set in the `retry` of the service, which is on by default';
    case 'proxy_redirect':
      return 'has to be set as `relativeRedirects` of the listener, where it is about the scheme of redirects';
    case 'proxy_cookie_domain':
    case 'proxy_cookie_path':
    case 'sub_filter':
      return 'changes what targets answer: rules can only set, add and remove headers';
    default:
      return 'is not known here';
  }
}
