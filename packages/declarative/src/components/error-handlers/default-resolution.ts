import { TransportError } from '../../http/transport-error.js';
import type { Outcome, Resolution } from './slot.js';

interface Rule {
  action: Resolution['action'];
  failureType: NonNullable<Resolution['failureType']>;
  reason: string;
}

const RULES: Readonly<Record<number, Rule>> = {
  400: { action: 'FAIL', failureType: 'system_error', reason: 'bad request: the API does not understand it' },
  401: { action: 'FAIL', failureType: 'config_error', reason: 'not authorized: check the credentials' },
  403: { action: 'FAIL', failureType: 'config_error', reason: 'forbidden: the credentials do not give access to this' },
  404: { action: 'FAIL', failureType: 'system_error', reason: 'not found' },
  405: { action: 'FAIL', failureType: 'system_error', reason: 'the method is not allowed here' },
  408: { action: 'RETRY', failureType: 'transient_error', reason: 'the API gave up waiting for the request' },
  429: { action: 'RATE_LIMITED', failureType: 'transient_error', reason: 'too many requests' },
  500: { action: 'RETRY', failureType: 'transient_error', reason: 'internal error of the API' },
  502: { action: 'RETRY', failureType: 'transient_error', reason: 'bad gateway' },
  503: { action: 'RETRY', failureType: 'transient_error', reason: 'the API is not available' },
  504: { action: 'RETRY', failureType: 'transient_error', reason: 'gateway timeout' },
};

/** What this status means where no filter says otherwise; undefined for statuses that have no rule of their own. */
export function ruleFor(
  status: number,
): { action: Resolution['action']; failureType: NonNullable<Resolution['failureType']>; message: string } | undefined {
  const rule = RULES[status];
  return (
    rule && { action: rule.action, failureType: rule.failureType, message: `HTTP status ${status}: ${rule.reason}.` }
  );
}

/** The decision about an outcome that no filter has matched. */
export function defaultResolution(outcome: Outcome): Resolution {
  if (outcome.error) return ofError(outcome.error);
  const { status } = outcome.response;
  if (status < 400) return { action: 'SUCCESS' };
  return ruleFor(status) ?? { action: 'RETRY', failureType: 'system_error', message: `HTTP status ${status}.` };
}

function ofError(error: Error): Resolution {
  if (!(error instanceof TransportError))
    return { action: 'RETRY', failureType: 'transient_error', message: error.message };
  if (error.isTransient) return { action: 'RETRY', failureType: 'transient_error', message: error.message };
  const failureType = error.failure === 'url' || error.failure === 'certificate' ? 'config_error' : 'system_error';
  return { action: 'FAIL', failureType, message: error.message };
}
