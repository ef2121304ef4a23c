import type { Json } from '@tidemark/protocol';
import type { Page, RecordData, RecordLines } from '@tidemark/source';
import { rowDecoder } from '../row-decoder.js';
import { CopyLines } from './copy-lines.js';
import type { CopiedRows } from './copy-out.js';
import { copiedTexts } from './copy-texts.js';
import type { PostgresColumn } from './types.js';

/** What the pages of one stream are made with, once. */
export class PageMaker {
  private readonly lines: CopyLines;
  private readonly decode: ReturnType<typeof rowDecoder>;

  constructor(private readonly columns: readonly PostgresColumn[]) {
    this.lines = new CopyLines(columns);
    this.decode = rowDecoder(columns);
  }

  /** A page that can be had as records or as lines; valid until `release`, which gives its buffer back. */
  page(copied: CopiedRows, next: Json | undefined, more = false): CopiedPage {
    return new CopiedPage(this, copied, next, more);
  }

  write(copied: CopiedRows, before: string, after: string): Iterable<Uint8Array> {
    return this.lines.write(copied, before, after);
  }

  records(copied: CopiedRows): RecordData[] {
    const records: RecordData[] = [];
    for (const texts of copiedTexts(copied, this.columns.length)) records.push(this.decode(texts));
    return records;
  }
}

/** The rows of one COPY on their way. Its records are made when somebody asks for them. */
export class CopiedPage implements Page {
  readonly next?: Json;
  readonly more?: boolean;
  readonly lines: RecordLines;
  private made: RecordData[] | undefined;
  private copied: CopiedRows | undefined;

  constructor(
    private readonly maker: PageMaker,
    copied: CopiedRows,
    next: Json | undefined,
    more: boolean,
  ) {
    this.copied = copied;
    if (next !== undefined) this.next = next;
    if (more) this.more = true;
    this.lines = { count: copied.rows, write: (before, after) => maker.write(this.held(), before, after) };
  }

  get records(): RecordData[] {
    this.made ??= this.maker.records(this.held());
    return this.made;
  }

  /** The page has been taken: its buffer may be filled again. */
  release(): Buffer {
    const { buffer } = this.held();
    this.copied = undefined;
    return buffer;
  }

  private held(): CopiedRows {
    if (!this.copied) throw new Error('the rows of a page were asked for after the next page had been');
    return this.copied;
  }
}
