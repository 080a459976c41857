import type { Connection, ConnectionHandler, Endpoint } from '@evenkeel/proxy/reactor/reactor.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import { Script } from '../script.ts';

/** Answers requests with its name, and gives a cookie `SID` to whoever comes without one. */
export function serveSessions(reactor: SimulatedReactor, at: Endpoint, name: string): void {
  let sessions = 0;
  const handlerOf = (connection: Connection): ConnectionHandler => {
    const script = new Script(reactor, connection);
    let text = '';
    return {
      onConnected() {},
      onReceive(_connection, buffer, start, end) {
        text += Buffer.from(reactor.arena.memory.slice(start, end)).toString('latin1');
        reactor.arena.release(buffer);
        for (let head = text.indexOf('\r\n\r\n'); head >= 0; head = text.indexOf('\r\n\r\n')) {
          const known = /\r\nCookie: (?:.*; )?SID=/.test(text.slice(0, head));
          text = text.slice(head + 4);
          const cookie = known ? '' : `Set-Cookie: SID=${name}-${++sessions}; Path=/\r\n`;
          script.add(Buffer.from(`HTTP/1.1 200 OK\r\nX-Origin: ${name}\r\n${cookie}Content-Length: 2\r\n\r\nok`));
        }
      },
      onSent: () => script.pump(),
      onEnd: (ended) => ended.close(),
      onDeadline() {},
      onClosed: () => script.stop(),
    };
  };
  reactor.listen(
    { ...at, backlog: 128, reusePort: false },
    {
      onListening() {},
      onAccept(connection) {
        connection.handler = handlerOf(connection);
      },
      onFailed(_socket, error) {
        throw new Error(error.message);
      },
    },
  );
}
