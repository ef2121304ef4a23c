import { readFileSync } from 'node:fs';
import type { SyncObserver } from '@tidemark/sync';

/** What telemetry is about, and where its complaints go. */
export interface TelemetryWish {
  connection: string;
  destination: string;
  redact: (text: string) => string;
  log: (level: 'WARN' | 'DEBUG', message: string) => void;
}

/** How long the end of a sync may wait for what is not given out yet; one that was told to stop has to be quick. */
const FLUSH_MS = 5_000;
const FLUSH_MS_STOPPED = 2_000;

/** True when the environment names an address for traces or metrics. Looked at before anything is loaded. */
export function wantsTelemetry(environment: NodeJS.ProcessEnv): boolean {
  if (environment.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false;
  return ['', 'TRACES_', 'METRICS_'].some((signal) => environment[`OTEL_EXPORTER_OTLP_${signal}ENDPOINT`]?.trim());
}

/**
 * Sets OpenTelemetry up from the standard variables (OTEL_EXPORTER_OTLP_ENDPOINT and its like): OTLP over HTTP, in JSON. The
 * libraries are loaded here and nowhere else.
 */
export async function openTelemetry(wish: TelemetryWish, environment: NodeJS.ProcessEnv): Promise<SyncObserver> {
  const [api, traces, metrics, { OTLPTraceExporter }, { OTLPMetricExporter }, resources, { telemetry }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/sdk-metrics'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/exporter-metrics-otlp-http'),
      import('@opentelemetry/resources'),
      import('@tidemark/sync'),
    ]);
  complainOnce(api, wish);
  if (protocols(environment).includes('grpc'))
    wish.log('WARN', 'OpenTelemetry: grpc was asked for, but only OTLP over HTTP is spoken (port 4318 as a rule).');
  const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;
  const resource = resources
    .resourceFromAttributes({ 'service.name': 'tidemark', 'service.version': version })
    .merge(resources.detectResources({ detectors: [resources.envDetector] }));
  const on = (signal: 'TRACES' | 'METRICS'): boolean => environment[`OTEL_${signal}_EXPORTER`]?.trim() !== 'none';
  const tracing = new traces.BasicTracerProvider({
    resource,
    spanProcessors: on('TRACES') ? [new traces.BatchSpanProcessor(new OTLPTraceExporter())] : [],
  });
  const exportIntervalMillis = Number(environment.OTEL_METRIC_EXPORT_INTERVAL) || 60_000;
  const exportTimeoutMillis = Math.min(exportIntervalMillis, Number(environment.OTEL_METRIC_EXPORT_TIMEOUT) || 30_000);
  const metering = new metrics.MeterProvider({
    resource,
    readers: on('METRICS')
      ? [
          new metrics.PeriodicExportingMetricReader({
            exporter: new OTLPMetricExporter(),
            exportIntervalMillis,
            exportTimeoutMillis,
          }),
        ]
      : [],
  });
  return telemetry({
    api,
    tracer: tracing.getTracer('tidemark', version),
    meter: metering.getMeter('tidemark', version),
    connection: wish.connection,
    destination: wish.destination,
    redact: wish.redact,
    flush: (stopped, ms = FLUSH_MS) =>
      bounded(
        Promise.allSettled([tracing.shutdown(), metering.shutdown()]),
        Math.min(ms, stopped ? FLUSH_MS_STOPPED : FLUSH_MS),
        wish,
      ),
  });
}

function protocols(environment: NodeJS.ProcessEnv): string[] {
  return ['', 'TRACES_', 'METRICS_'].map((signal) => environment[`OTEL_EXPORTER_OTLP_${signal}PROTOCOL`]?.trim() ?? '');
}

/** What cannot be sent is said once, and never ends a sync. */
function complainOnce(api: typeof import('@opentelemetry/api'), { log, redact }: TelemetryWish): void {
  let said = false;
  const ignore = (): void => undefined;
  const error = (message: string): void => {
    log(said ? 'DEBUG' : 'WARN', redact(`OpenTelemetry: ${message.slice(0, 300)}`));
    said = true;
  };
  api.diag.setLogger(
    { error, warn: ignore, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: api.DiagLogLevel.ERROR, suppressOverrideMessage: true },
  );
}

async function bounded(work: Promise<unknown>, ms: number, { log }: TelemetryWish): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late');
  });
  if ((await Promise.race([work, late])) === 'late')
    log('WARN', 'OpenTelemetry: not everything could be sent in time.');
  clearTimeout(timer);
}
