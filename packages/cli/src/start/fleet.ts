import { join } from 'node:path';
import { LOG_LIMITS, LogFile } from './log-file.ts';
import { writeRunning } from './running.ts';
import { type ProcessSpec, SupervisedProcess } from './supervised-process.ts';

/** All processes of one supervisor, each with its log; the record in the home names them from their first moment. */
export class Fleet {
  readonly #logFolder: string;
  readonly #recordPath: string;
  readonly #say: (line: string) => void;
  readonly #processes = new Set<SupervisedProcess>();
  readonly #logs = new Map<string, LogFile>();
  #url: string | null = null;
  #metricsUrl: string | null = null;
  #socket: string | null = null;
  /** Why the record could not be written the last time, which has been said; '': it could. */
  #recordFailure = '';
  #recording = true;

  constructor(logFolder: string, recordPath: string, say: (line: string) => void) {
    this.#logFolder = logFolder;
    this.#recordPath = recordPath;
    this.#say = say;
  }

  /** @param log name of its file in the folder of logs, without the ending */
  add(spec: ProcessSpec, log: string): SupervisedProcess {
    const logPath = join(this.#logFolder, `${log}.log`);
    const file = this.#logOf(logPath);
    const process = new SupervisedProcess(spec, {
      log: file,
      logPath,
      say: this.#say,
      onChange: () => this.record(),
    });
    this.#processes.add(process);
    return process;
  }

  /** Another has taken its place, and it is gone. */
  remove(process: SupervisedProcess): void {
    this.#processes.delete(process);
    this.record();
  }

  /** Versions of a process that follow each other, or run side by side, share a log. */
  #logOf(path: string): LogFile {
    const known = this.#logs.get(path);
    if (known !== undefined) return known;
    const file = new LogFile(path, LOG_LIMITS, (error) => {
      this.#say(`${path} cannot be written, and lines are lost until it can: ${error.message}`);
    });
    this.#logs.set(path, file);
    return file;
  }

  /** Notes where API and metrics are, for those who ask the record. */
  publish(places: { url?: string; metricsUrl?: string; socket?: string }): void {
    this.#socket = places.socket ?? this.#socket;
    this.#url = places.url ?? this.#url;
    this.#metricsUrl = places.metricsUrl ?? this.#metricsUrl;
    this.record();
  }

  /** Writes the record; a full disk must not bring down what runs, so a failure is only said. */
  record(): void {
    if (!this.#recording) return;
    const processes = Array.from(this.#processes, ({ mark }) => mark).filter((mark) => mark !== null);
    const { pid } = process;
    try {
      writeRunning(this.#recordPath, {
        pid,
        url: this.#url,
        metricsUrl: this.#metricsUrl,
        processes,
        socket: this.#socket,
      });
      this.#recordFailure = '';
    } catch (error) {
      const failure = (error as Error).message;
      if (failure !== this.#recordFailure) this.#say(failure);
      this.#recordFailure = failure;
    }
  }

  kill(): void {
    for (const process of this.#processes) process.kill();
  }

  /** No record is written and no log line is kept from now on. */
  close(): void {
    this.#recording = false;
    for (const log of this.#logs.values()) log.close();
  }
}
