import type { JsonObject, RecordMessage } from '@tidemark/protocol';
import { ConnectorError, noteChanges, type RecordChange, type RecordData } from '@tidemark/source';
import type { BatchPage, StreamPlan, Writer } from '../destination.js';
import { add, emptyTally, hashesOf, tallyOf } from '../tally.js';
import { keptState } from './served-plan.js';

const BATCH_ROWS = 4_096;
const BATCH_BYTES = 4 << 20;
/** A state waits no longer, and no more rows than these, for the commit that it is returned after. */
const COMMIT_MS = 1_000;
const COMMIT_BYTES = 64 << 20;

/** A state that waits for its commit: called with how many records were written for it. */
type Echo = (records: number) => void;

/** One stream of a served destination: takes records and states, commits them, lets go of the states. */
export class ServedStream {
  isComplete = false;
  /** Records came. */
  records = 0;
  private page: { at: number; records: RecordData[] } | undefined;
  private pages: BatchPage[] = [];
  private rows = 0;
  private bytes = 0;
  private writtenBytes = 0;
  private openRows = 0;
  private sinceState = 0;
  private state: JsonObject | undefined;
  private shared: JsonObject | undefined;
  private echoes: { echo: Echo; records: number }[] = [];
  private lastCommit: number;
  private writer: Writer | undefined;

  constructor(
    readonly plan: StreamPlan,
    private readonly open: () => Promise<Writer>,
    private readonly clock: () => number,
  ) {
    this.lastCommit = clock();
    const kept = plan.state?.client_state;
    if (kept) this.state = kept as JsonObject;
  }

  /** Takes a record; a promise means that the destination is busy with what came before. */
  record({ data, emitted_at: at, meta }: RecordMessage['record'], bytes: number): void | Promise<void> {
    if (this.isComplete)
      throw new ConnectorError('config', `A record of the stream '${this.plan.stream.name}' came after its COMPLETE.`);
    const record = data as RecordData;
    if (meta?.changes?.length) noteChanges(record, meta.changes as RecordChange[]);
    const extractedAt = Number(at) || this.clock();
    if (this.page?.at !== extractedAt) this.turn(extractedAt);
    this.page!.records.push(record);
    this.records++;
    this.rows++;
    this.bytes += bytes;
    this.sinceState++;
    if (this.rows >= BATCH_ROWS || this.bytes >= BATCH_BYTES) return this.writeOpen();
  }

  /** A state that covers all records so far: `echo` is called when they are durable. */
  async cover(state: JsonObject, echo: Echo, shared?: JsonObject): Promise<void> {
    await this.write();
    this.state = state;
    this.shared = shared;
    this.echoes.push({ echo, records: this.sinceState });
    this.sinceState = 0;
    if (this.isDue) await this.commit();
  }

  /** The clock goes on although nothing comes. */
  async tick(): Promise<void> {
    if (this.echoes.length > 0 && this.isDue) await this.commit();
  }

  /** Makes everything durable that a state covers, and returns those states. */
  async commit(): Promise<void> {
    if (this.echoes.length === 0) return;
    const writer = await this.writing();
    await writer.commit([this.stored()], this.shared);
    this.committed();
  }

  /** The stream is complete: its rows take their place. */
  async complete(): Promise<void> {
    if (this.isComplete) return;
    await this.commit();
    await this.write();
    const writer = await this.writing();
    await writer.finish(this.stored(), this.shared);
    this.committed();
    this.isComplete = true;
    await this.close();
  }

  /**
   * The end of the input without a COMPLETE. `comesAgain`: the client goes on from the last state that it got back. Otherwise
   * what no state covers is kept too, for it may never come again.
   */
  async end(comesAgain: boolean): Promise<void> {
    if (this.isComplete) return;
    await this.commit();
    if (comesAgain || this.plan.minimumGeneration > 0) return;
    await this.write();
    if (this.openRows === 0) return;
    const writer = await this.writing();
    await writer.commit([this.stored()], this.shared);
    this.committed();
  }

  async close(): Promise<void> {
    await this.writer?.close();
    this.writer = undefined;
  }

  private get isDue(): boolean {
    return this.writtenBytes >= COMMIT_BYTES || Math.abs(this.clock() - this.lastCommit) >= COMMIT_MS;
  }

  private stored() {
    const { plan, openRows } = this;
    return { stream: plan.key, state: keptState(this.state ?? {}), rows: openRows };
  }

  private committed(): void {
    this.openRows = 0;
    this.writtenBytes = 0;
    this.lastCommit = this.clock();
    const { echoes } = this;
    this.echoes = [];
    for (const { echo, records } of echoes) echo(records);
  }

  /** Records of one moment are one page. */
  private turn(at: number): void {
    this.seal();
    this.page = { at, records: [] };
  }

  private seal(): void {
    if (!this.page) return;
    const { at, records } = this.page;
    this.pages.push({ unit: '{}', records, extractedAt: at, hashes: hashesOf(records) });
    this.page = undefined;
  }

  /** Rows that no state covers yet must not be in the transaction of those that one covers. */
  private async writeOpen(): Promise<void> {
    await this.commit();
    await this.write();
  }

  private async write(): Promise<void> {
    if (this.rows === 0) return;
    this.seal();
    const { pages, rows, bytes } = this;
    this.pages = [];
    this.rows = 0;
    this.bytes = 0;
    const writer = await this.writing();
    const { tally } = await writer.write(this.plan.key, { pages, rows });
    const came = emptyTally();
    for (const { hashes } of pages) add(came, tallyOf(hashes));
    if (tally.rows !== came.rows || tally.hash !== came.hash) {
      throw new ConnectorError(
        'system',
        `dropped records: ${came.rows} records of '${this.plan.stream.name}' came and the destination took ${tally.rows}${tally.rows === came.rows ? ', but not the same ones' : ''}.`,
        { stream: this.plan.stream.name },
      );
    }
    this.openRows += rows;
    this.writtenBytes += bytes;
  }

  private async writing(): Promise<Writer> {
    this.writer ??= await this.open();
    return this.writer;
  }
}
