import { ConnectorError } from '@tidemark/source';
import { type FileSettings, fileProperties, parseQuery } from '../files/kind.js';
import type { DestinationKind } from '../kind.js';

/** The settings of a bucket, as connection.yaml has them. */
export interface S3Settings extends FileSettings {
  bucket: string;
  prefix?: string;
  region?: string;
  endpoint?: string;
  path_style?: boolean;
  access_key_id?: string;
  secret_access_key?: string;
  session_token?: string;
}

const text = { type: 'string', minLength: 1 } as const;
const secret = { ...text, writeOnly: true } as const;

/** `s3://BUCKET/PREFIX`: Parquet or JSON lines in a bucket of S3, or of a server that speaks its language. */
export const s3Kind: DestinationKind<S3Settings> = {
  key: 's3',
  schemes: ['s3'],
  example: 's3://BUCKET/PREFIX',
  schema: {
    type: 'object',
    description: 'Parquet or JSON lines in a bucket of S3, or of a server that speaks its language.',
    required: ['bucket'],
    additionalProperties: false,
    dependencies: { access_key_id: ['secret_access_key'], secret_access_key: ['access_key_id'] },
    properties: {
      bucket: { ...text, description: 'The bucket. It has to be there.' },
      prefix: { type: 'string', description: 'All keys begin with it. Default: none.' },
      region: { ...text, description: 'Default: AWS_REGION, or the region that the bucket turns out to be in.' },
      endpoint: {
        ...text,
        format: 'uri',
        description: 'Of a server that is not AWS, for example http://127.0.0.1:9000.',
      },
      path_style: {
        type: 'boolean',
        description: 'The bucket is in the path, not in the host name. Default: true with an endpoint.',
      },
      access_key_id: { ...secret, description: 'Default: AWS_ACCESS_KEY_ID, a profile, the role of the machine.' },
      secret_access_key: { ...secret, description: 'Belongs to access_key_id. Take it from ${ENV}.' },
      session_token: { ...secret, description: 'Of temporary credentials.' },
      ...fileProperties,
    },
  },
  parse(short) {
    const [place = '', query = ''] = short.replace(/^s3:(\/\/)?/i, '').split('?');
    const [bucket = '', ...rest] = place.split('/');
    if (bucket === '') throw new ConnectorError('config', "'s3:' names no bucket. Write s3://BUCKET/PREFIX.");
    const prefix = rest.join('/');
    return { bucket, ...(prefix === '' ? {} : { prefix }), ...parseQuery(query, 's3://BUCKET/PREFIX?…') };
  },
  async open(settings) {
    const { s3 } = await import('../s3.js');
    const { path_style: pathStyle, access_key_id: accessKeyId, secret_access_key: secretAccessKey } = settings;
    const { session_token: sessionToken, memory_limit: memoryLimit, ...rest } = settings;
    return s3({ ...rest, pathStyle, accessKeyId, secretAccessKey, sessionToken, memoryLimit });
  },
};
