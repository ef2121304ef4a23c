import { canonical, type Json, type JsonObject } from '@tidemark/protocol';
import { ConnectorError, type Page } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { decoderSlot } from '../decoders/slot.js';
import { type Extractor, extractorSlot } from '../extractors/slot.js';
import { paginatorSlot } from '../paginators/slot.js';
import { cartesianProduct } from '../partition-routers/cartesian-product.js';
import { type PartitionRouter, partitionRouterSlot } from '../partition-routers/slot.js';
import { type Requester, requesterSlot } from '../requesters/slot.js';
import { type RecordSelector, recordSelectorSlot } from '../selectors/slot.js';
import { ask, type FinishedJob, type JobParts, jobScope, runJob } from './job.js';
import { jobBudget } from './job-budget.js';
import { jobStatusMapSlot } from './job-slot.js';
import { sliceScope } from './slice-scope.js';
import { type Retrieval, type Retriever, retrieverSlot } from './slot.js';

const TIMEOUT_MINUTES = 60;
const requester = () => field.slot(requesterSlot).defaultType('HttpRequester');

/** The word for reading by jobs that the API does in its own time. */
export const asyncRetriever = component('AsyncRetriever', {
  slot: retrieverSlot,
  doc: 'Fetches records by jobs: for each partition and slice a job is created, asked after until it is done, and downloaded. A job that fails is created again, three times in all.',
  fields: {
    record_selector: field
      .slot(recordSelectorSlot)
      .defaultType('RecordSelector')
      .doc('Filters and normalises the records. Its extractor is not used: `download_extractor` is.'),
    status_mapping: field
      .slot(jobStatusMapSlot)
      .defaultType('AsyncJobStatusMap')
      .doc("The API's words for what a job is doing."),
    status_extractor: field.slot(extractorSlot).doc('Takes the status out of the answer of the polling requester.'),
    download_target_extractor: field
      .slot(extractorSlot)
      .optional()
      .doc(
        'Takes what is to be downloaded out of the answer of the polling requester (or of the download target requester): each is `download_target` in turn.',
      ),
    download_extractor: field
      .slot(extractorSlot)
      .optional()
      .doc('Takes the records out of what was downloaded; without it the whole of it.'),
    creation_requester: requester().doc('Creates the job.'),
    polling_requester: requester().doc(
      'Asks after the job; `creation_response` is the answer of the creation requester.',
    ),
    download_target_requester: requester()
      .optional()
      .doc('Asks what is to be downloaded, where the polling answer does not say it.'),
    download_requester: requester().doc('Downloads; `polling_response` and `download_target` say what.'),
    download_paginator: field
      .slot(paginatorSlot)
      .optional()
      .defaultType('NoPagination')
      .doc('Finds the next page of a download.'),
    abort_requester: requester().optional().doc('Aborts a job that took too long or is no longer wanted.'),
    delete_requester: requester().optional().doc('Deletes a job that was downloaded.'),
    polling_job_timeout: field
      .template({ allow: ['integer'] })
      .optional()
      .doc(`How long a job may run, minutes; ${TIMEOUT_MINUTES} without it.`)
      .example(120, "{{ config['job_timeout'] }}"),
    failed_retry_wait_time_in_seconds: field
      .template({ allow: ['integer'] })
      .optional()
      .doc('How long to wait before a job that failed at the API is created again.')
      .example(300),
    partition_router: field
      .either(field.slot(partitionRouterSlot), field.list(field.slot(partitionRouterSlot)))
      .optional()
      .doc('Cuts the stream into partitions. Several routers give every combination of theirs.'),
    decoder: field.slot(decoderSlot).default({ type: 'JsonDecoder' }).doc('Decodes the answers about jobs.'),
    download_decoder: field.slot(decoderSlot).optional().doc('Decodes what is downloaded; JSON without it.'),
  },
  examples: [
    {
      type: 'AsyncRetriever',
      record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
      creation_requester: {
        type: 'HttpRequester',
        url: 'https://api.example.com/exports',
        http_method: 'POST',
        request_body: { type: 'RequestBodyJsonObject', value: { since: '{{ stream_interval.start_time }}' } },
      },
      polling_requester: {
        type: 'HttpRequester',
        url: "https://api.example.com/exports/{{ creation_response['id'] }}",
      },
      status_extractor: { type: 'DpathExtractor', field_path: ['status'] },
      status_mapping: {
        type: 'AsyncJobStatusMap',
        running: ['QUEUED', 'IN_PROGRESS'],
        completed: ['DONE'],
        failed: ['ERROR'],
        timeout: [],
      },
      download_target_extractor: { type: 'DpathExtractor', field_path: ['urls'] },
      download_requester: { type: 'HttpRequester', url: '{{ download_target }}' },
      download_decoder: { type: 'GzipDecoder', decoder: { type: 'CsvDecoder' } },
    },
  ],
  build({ fields, raw, context }): Retriever {
    if (fields.download_target_requester && !fields.download_target_extractor) {
      throw new ConnectorError(
        'config',
        'An AsyncRetriever with a download_target_requester needs a download_target_extractor.',
      );
    }
    const stream = context.stream?.name ?? '';
    const number = (name: string, value: unknown, least: number): number | undefined => {
      if (value === undefined || value === null || value === '' || value === 0) return undefined;
      if (typeof value === 'number' && value >= least) return value;
      throw new ConnectorError('config', `${name} must give a number of at least ${least}.`);
    };
    const job: JobParts = {
      context,
      stream,
      creation: fields.creation_requester,
      polling: fields.polling_requester,
      abort: fields.abort_requester,
      decoder: fields.decoder,
      statusExtractor: fields.status_extractor,
      statuses: fields.status_mapping,
      budget: jobBudget(context),
      timeoutSeconds: () =>
        (number('polling_job_timeout', fields.polling_job_timeout?.evaluate(), 1) ?? TIMEOUT_MINUTES) * 60,
      retrySeconds: () =>
        number('failed_retry_wait_time_in_seconds', fields.failed_retry_wait_time_in_seconds?.evaluate(), 1),
    };
    const download = {
      type: 'SimpleRetriever',
      requester: raw.download_requester,
      record_selector: {
        type: 'RecordSelector',
        extractor: raw.download_extractor ?? { type: 'DpathExtractor', field_path: [] },
      },
      ...(raw.download_decoder ? { decoder: raw.download_decoder } : {}),
      ...(raw.download_paginator ? { paginator: raw.download_paginator } : {}),
    } as JsonObject;
    // Downloads are read as the pages of a stream of their own: what is done to records is done by the selector above.
    const own = { name: stream, primaryKey: context.stream?.primaryKey ?? [], transformations: [], schema: () => ({}) };
    const routers = fields.partition_router;
    const router = Array.isArray(routers) ? (routers.length > 1 ? cartesianProduct(routers) : routers[0]) : routers;
    return new AsyncRetriever(
      {
        job,
        selector: fields.record_selector,
        download: context.builder.build(download, retrieverSlot, { ...context, stream: own }),
        targetRequester: fields.download_target_requester,
        targetExtractor: fields.download_target_extractor,
        deletion: fields.delete_requester,
      },
      router,
    );
  },
});

interface AsyncParts {
  job: JobParts;
  selector: RecordSelector;
  download: Retriever;
  targetRequester: Requester | undefined;
  targetExtractor: Extractor | undefined;
  deletion: Requester | undefined;
}

/** A unit is a job: there is nothing to go on from inside it, its end is the checkpoint. */
class AsyncRetriever implements Retriever {
  readonly isPaginated = false;
  constructor(
    private readonly parts: AsyncParts,
    readonly partitionRouter: PartitionRouter | undefined,
  ) {}

  fingerprint(): string {
    return canonical(this.parts.job.creation.fingerprint({}));
  }

  async *pages(retrieval: Retrieval): AsyncIterable<Page> {
    const { job, selector, download } = this.parts;
    const finished = await runJob(job, retrieval);
    if (finished) {
      const { signal, keep } = retrieval;
      const scope = sliceScope(retrieval);
      const answers = { creation_response: finished.creation.scope, polling_response: finished.polling.scope };
      for (const target of await this.targets(finished, retrieval)) {
        const extra: JsonObject = { ...retrieval.extra, ...answers, download_target: target };
        const { partition, slice } = retrieval;
        for await (const page of download.pages({ partition, slice, extra, signal })) {
          const { records } = await selector.refine(page.records, scope, { signal, keep });
          if (records.length > 0) yield { records, more: true };
        }
      }
      await this.delete(finished, retrieval);
    }
    yield { records: [] };
  }

  /** What is to be downloaded; one nameless thing where the manifest does not say how to find it. */
  private async targets(finished: FinishedJob, retrieval: Retrieval): Promise<Json[]> {
    const { job, targetRequester, targetExtractor } = this.parts;
    if (!targetExtractor) return [''];
    const { signal } = retrieval;
    const scope = jobScope(retrieval, {
      creation_response: finished.creation.scope,
      polling_response: finished.polling.scope,
    });
    const answer = targetRequester
      ? await ask(job, targetRequester, scope, signal, 'download_target_requester')
      : finished.polling;
    const found = targetExtractor.values
      ? await targetExtractor.values(answer.bodies, signal)
      : (await targetExtractor.extract(answer.bodies, signal)).records;
    return found.filter((target) => target !== null && target !== undefined) as Json[];
  }

  /** The records are read by now: a job that stays is a nuisance, no failure. */
  private async delete(finished: FinishedJob, retrieval: Retrieval): Promise<void> {
    const { job, deletion } = this.parts;
    if (!deletion) return;
    try {
      await deletion.send({
        scope: jobScope(retrieval, { creation_response: finished.creation.scope }),
        parts: {},
        signal: retrieval.signal,
      });
    } catch (error) {
      if (retrieval.signal.aborted) throw error;
      job.context.log('WARN', `${job.stream}: a job could not be deleted: ${ConnectorError.from(error).message}`);
    }
  }
}
