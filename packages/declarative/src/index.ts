export { connectorFolder } from './connector-folder.js';
export {
  createSource,
  DEFAULT_SETTINGS,
  type LoadedManifest,
  loadManifest,
  type SourceOptions,
} from './create-source.js';
export { type CustomComponents, loadCustomComponents } from './custom/load-custom-components.js';
export { isManifestModule, loadManifestModule } from './custom/load-manifest-module.js';
export type { ApiRequest, HttpClient, Transport } from './http/client.js';
export { createRedactor, type Redactor, secretsOf } from './http/redact.js';
export type { ApiResponse } from './http/response.js';
export {
  type Diagnostic,
  diagnosticsToJson,
  formatDiagnostic,
  formatPath,
  ManifestError,
  nearest,
  type Place,
  readManifest,
  type Severity,
  sortDiagnostics,
} from './manifest/index.js';
