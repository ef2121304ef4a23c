import { randomUUID } from 'node:crypto';
import type { Json } from '@tidemark/protocol';
import { attachFile, ConnectorError, type RecordData } from '@tidemark/source';
import { component, field } from '../../component/index.js';
import { extractorSlot } from '../extractors/slot.js';
import { requesterSlot } from '../requesters/slot.js';
import { sliceScope } from '../retrievers/slice-scope.js';
import { type FileUploader, fileUploaderSlot } from './file-slot.js';
import { filesFolder, storeFile } from './store-file.js';

export const fileUploader = component('FileUploader', {
  slot: fileUploaderSlot,
  doc: 'Fetches the file that a record names, and stores it in the folder for files; the record then says where it lies.',
  fields: {
    requester: field
      .slot(requesterSlot)
      .defaultType('HttpRequester')
      .doc('Fetches the file; `download_target` is its address.')
      .example({
        type: 'HttpRequester',
        url: '{{ download_target }}',
      }),
    download_target_extractor: field.slot(extractorSlot).doc('Takes the address of the file out of the record.'),
    file_extractor: field.slot(extractorSlot).optional().doc('Not used: the whole answer is the file.'),
    filename_extractor: field
      .template({ scope: ['record'] })
      .optional()
      .doc("The file's name, below a folder named like the stream; a random one without it.")
      .example('{{ record.id }}/{{ record.file_name }}'),
  },
  examples: [
    {
      type: 'FileUploader',
      requester: { type: 'HttpRequester', url: '{{ download_target }}' },
      download_target_extractor: { type: 'DpathExtractor', field_path: ['content_url'] },
      filename_extractor: '{{ record.id }}/{{ record.file_name }}',
    },
  ],
  build({ fields, context }): FileUploader {
    const { requester, download_target_extractor: extractor, filename_extractor: filename } = fields;
    const stream = context.stream?.name ?? '';
    return {
      async upload(record, signal) {
        const found = extractor.values
          ? await extractor.values([record], signal)
          : (await extractor.extract([record], signal)).records;
        const target = addressIn(found, stream);
        const scope = sliceScope({ partition: {}, slice: {}, extra: { download_target: target as Json } });
        const response = await requester.send({ scope, parts: {}, signal, streamed: true });
        if (!response) {
          context.log(
            'WARN',
            `${stream}: a file was left out, because the error handler ignores the answer to its request.`,
          );
          return;
        }
        const name = filename?.text({ record }) || randomUUID();
        attachFile(record, await storeFile(response.stream(), { folder: filesFolder(context.settings), stream, name }));
      },
    };
  },
});

function addressIn(found: readonly (RecordData | unknown)[], stream: string): string {
  const [target] = found;
  if (typeof target === 'string') return target;
  const met = target === undefined ? 'nothing' : `a ${typeof target}`;
  throw new ConnectorError(
    'system',
    `A record of the stream '${stream}' gives ${met} where the address of its file was due.`,
  );
}
