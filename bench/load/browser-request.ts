export interface BrowserRequest {
  readonly path: string;
  readonly host: string;
  /** One cookie more. */
  readonly cookie?: string;
}

/** The head that `browser.lua` has wrk send on kept connections: 12 fields of a browser, about 600 bytes. */
export function browserRequest({ path, host, cookie }: BrowserRequest): string {
  const fields = Object.entries({ Host: host, ...FIELDS, Cookie: [COOKIES, ...(cookie ? [cookie] : [])].join('; ') });
  return `GET ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

const FIELDS = {
  Connection: 'keep-alive',
  'sec-ch-ua': '"Chromium";v="138", "Not)A;Brand";v="8"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Linux"',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Sec-Fetch-Site': 'same-origin',
  'Sec-Fetch-Mode': 'navigate',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en;q=0.9,de;q=0.8',
};
const COOKIES = 'session=7f9c2ba4e88f827d616045507605853e; consent=1; theme=dark';
