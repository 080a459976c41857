import { join } from 'node:path';
import { LOG_LIMITS, LogFile } from './log-file.ts';
import { type ProcessMark, writeRunning } from './running.ts';
import { type ProcessSpec, SupervisedProcess } from './supervised-process.ts';

/** All processes of one supervisor, each with its log; the record in the home names them from their first moment. */
export class Fleet {
  readonly #logFolder: string;
  readonly #recordPath: string;
  readonly #say: (line: string) => void;
  readonly #processes: SupervisedProcess[] = [];
  readonly #logs: LogFile[] = [];
  #url: string | null = null;
  #metricsUrl: string | null = null;
  #recording = true;

  constructor(logFolder: string, recordPath: string, say: (line: string) => void) {
    this.#logFolder = logFolder;
    this.#recordPath = recordPath;
    this.#say = say;
  }

  /** @param log name of its file in the folder of logs, without the ending */
  add(spec: ProcessSpec, log: string): SupervisedProcess {
    const logPath = join(this.#logFolder, `${log}.log`);
    const file = new LogFile(logPath, LOG_LIMITS, (error) => {
      this.#say(`${logPath} cannot be written, and lines are lost until it can: ${error.message}`);
    });
    this.#logs.push(file);
    const process = new SupervisedProcess(spec, {
      log: file,
      logPath,
      say: this.#say,
      onChange: () => this.record(),
    });
    this.#processes.push(process);
    return process;
  }

  /** Notes where API and metrics are, for those who ask the record. */
  publish(places: { url?: string; metricsUrl?: string }): void {
    this.#url = places.url ?? this.#url;
    this.#metricsUrl = places.metricsUrl ?? this.#metricsUrl;
    this.record();
  }

  /** Writes the record; a full disk must not bring down what runs, so a failure is only said. */
  record(): void {
    if (!this.#recording) return;
    const processes = this.#processes.map(({ mark }) => mark).filter((mark): mark is ProcessMark => mark !== null);
    try {
      writeRunning(this.#recordPath, { pid: process.pid, url: this.#url, metricsUrl: this.#metricsUrl, processes });
    } catch (error) {
      this.#say((error as Error).message);
    }
  }

  kill(): void {
    for (const process of this.#processes) process.kill();
  }

  /** No record is written and no log line is kept from now on. */
  close(): void {
    this.#recording = false;
    for (const log of this.#logs) log.close();
  }
}
