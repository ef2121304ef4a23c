import { refusedParameter, type UrlForm } from '../connection-url.js';

const MODE = 'write tls=true, or set `ssl_mode`';

/** The options of MongoDB's connection strings; the driver reads them. */
const NAMES = [
  'appName',
  'authMechanism',
  'authMechanismProperties',
  'authSource',
  'compressors',
  'connectTimeoutMS',
  'directConnection',
  'heartbeatFrequencyMS',
  'journal',
  'loadBalanced',
  'localThresholdMS',
  'maxConnecting',
  'maxIdleTimeMS',
  'maxPoolSize',
  'maxStalenessSeconds',
  'minPoolSize',
  'proxyHost',
  'proxyPassword',
  'proxyPort',
  'proxyUsername',
  'readConcernLevel',
  'readPreference',
  'readPreferenceTags',
  'replicaSet',
  'retryReads',
  'retryWrites',
  'serverMonitoringMode',
  'serverSelectionTimeoutMS',
  'socketTimeoutMS',
  'srvMaxHosts',
  'srvServiceName',
  'ssl',
  'timeoutMS',
  'tls',
  'tlsAllowInvalidCertificates',
  'tlsAllowInvalidHostnames',
  'tlsCAFile',
  'tlsCRLFile',
  'tlsCertificateKeyFile',
  'tlsCertificateKeyFilePassword',
  'tlsInsecure',
  'w',
  'waitQueueTimeoutMS',
  'wtimeoutMS',
  'zlibCompressionLevel',
] as const;

const FORM: UrlForm = {
  schemes: ['mongodb', 'mongodb+srv'],
  parameters: Object.fromEntries(NAMES.map((name) => [name, {}])),
  instead: {
    sslmode: MODE,
    useSSL: MODE,
    sslrootcert: 'write tls=true&tlsCAFile=FILE',
    ssl_ca_certs: 'write tls=true&tlsCAFile=FILE',
    sslCAFile: 'write tls=true&tlsCAFile=FILE',
    application_name: 'write appName=NAME',
    connect_timeout: 'write connectTimeoutMS=MILLISECONDS',
    database: 'write it behind the host, as mongodb://host/database',
    user: 'write it before the host, as user:password@host',
    password: 'write it before the host, as user:password@host',
  },
};

/**
 * Adds to `wrong` what stands behind the `?` of a connection string and would be passed over. `usesTls`: the configuration asks
 * for TLS beside the string.
 */
export function checkParameters(url: string, usesTls: boolean, wrong: string[]): void {
  const query = /\?(.*)$/s.exec(url)?.[1] ?? '';
  const given = new URLSearchParams(query);
  const names = [...given.keys()];
  for (const name of names) {
    // As the driver compares them: by their letters alone.
    if (!NAMES.some((each) => each.toLowerCase() === name.toLowerCase())) wrong.push(refusedParameter(name, FORM));
  }
  const value = (wanted: string): string | undefined =>
    [...given].find(([name]) => name.toLowerCase() === wanted)?.[1].toLowerCase();
  const encrypts = (value('tls') ?? value('ssl') ?? String(/^mongodb\+srv:/i.test(url))) === 'true';
  const certificates = names.filter((name) => /^tls.+/i.test(name));
  if (certificates.length > 0 && !encrypts && !usesTls)
    wrong.push(`'url' has ${certificates.join(', ')} and no tls=true: the connection would not be encrypted`);
}
