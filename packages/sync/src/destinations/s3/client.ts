import type * as Sdk from '@aws-sdk/client-s3';

/** How a bucket is reached. What is absent comes from the environment, as for every tool of AWS. */
export interface S3Access {
  region?: string;
  /** Of a server that is not AWS: `http://127.0.0.1:9000`. */
  endpoint?: string;
  /** The bucket is in the path, not in the host name. Default: with an endpoint. */
  pathStyle?: boolean;
  accessKeyId?: string;
  secretAccessKey?: string;
  sessionToken?: string;
}

/** The SDK, imported late, with a client. */
export interface S3Client {
  sdk: typeof Sdk;
  client: Sdk.S3Client;
}

const QUIET = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

export async function connectS3(access: S3Access): Promise<S3Client> {
  const sdk = await import('@aws-sdk/client-s3');
  const { accessKeyId, secretAccessKey, sessionToken } = access;
  const endpoint = access.endpoint ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const isQuiet = process.env[QUIET];
  // The SDK's word about old versions of Node is not for whoever runs a sync.
  process.env[QUIET] = 'true';
  try {
    const client = new sdk.S3Client({
      region: access.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1',
      followRegionRedirects: true,
      endpoint,
      forcePathStyle: access.pathStyle ?? endpoint !== undefined,
      credentials:
        accessKeyId !== undefined && secretAccessKey !== undefined
          ? { accessKeyId, secretAccessKey, sessionToken }
          : undefined,
      maxAttempts: 5,
      // Servers that are not AWS do not all know the newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: 10_000, requestTimeout: 120_000 },
    });
    return { sdk, client };
  } finally {
    if (isQuiet === undefined) delete process.env[QUIET];
    else process.env[QUIET] = isQuiet;
  }
}
