import { component, field } from '../../component/index.js';
import { plainUrl } from '../../http/describe.js';
import { headerScope } from '../../http/header-scope.js';
import type { ApiResponse } from '../../http/response.js';
import { ruleFor } from './default-resolution.js';
import { errorText } from './error-text.js';
import { type Resolution, responseFilterSlot } from './slot.js';

const SCOPE = ['response', 'headers', 'request_url'] as const;

/** A rule for some of the answers. */
export const httpResponseFilter = component('HttpResponseFilter', {
  slot: responseFilterSlot,
  doc: 'Decides what happens after certain answers: those with one of the statuses, or with a text in their error message, or for which the predicate is true. One of the three is enough.',
  fields: {
    action: field
      .enum(
        'SUCCESS',
        'FAIL',
        'RETRY',
        'IGNORE',
        'RESET_PAGINATION',
        'RATE_LIMITED',
        'REFRESH_TOKEN_THEN_RETRY',
        'REDUCE_PAGE_SIZE',
        'SPLIT_REQUEST_WINDOW',
      )
      .optional()
      .doc('What to do with an answer that matches. Without it the filter changes nothing.'),
    failure_type: field
      .enum('system_error', 'config_error', 'transient_error')
      .optional()
      .doc('Whose fault a failure is; only for the action FAIL.'),
    error_message: field
      .template({ scope: SCOPE })
      .optional()
      .doc('The sentence that the user reads.')
      .example("Grant the scope 'read' to the token: {{ response['message'] }}"),
    error_message_contains: field
      .string()
      .optional()
      .doc('Matches when the error message in the body contains this text.'),
    http_codes: field.list(field.integer()).optional().doc('Matches these statuses.').example([404, 410]),
    predicate: field
      .template({ scope: SCOPE })
      .optional()
      .doc('Matches when this is true.')
      .example("{{ 'code' in response }}", "{{ headers['X-RateLimit-Remaining'] == '0' }}"),
  },
  examples: [
    { type: 'HttpResponseFilter', http_codes: [404], action: 'IGNORE' },
    {
      type: 'HttpResponseFilter',
      predicate: "{{ 'error' in response }}",
      action: 'FAIL',
      error_message: "{{ response['error'] }}",
    },
  ],
  build({ fields, context }) {
    const { action, predicate, error_message: sentence, error_message_contains: part } = fields;
    const codes = new Set(fields.http_codes ?? []);
    const hasPredicate = predicate !== undefined && predicate.source !== '';
    const matches = (response: ApiResponse): boolean =>
      codes.has(response.status) ||
      (hasPredicate && predicate.isTrue(scopeOf(response))) ||
      (!!part && (errorText(response) ?? '').includes(part));
    return {
      resolve({ response }): Resolution | undefined {
        if (response === undefined || action === undefined || !matches(response)) return undefined;
        const rule = ruleFor(response.status);
        let message = '';
        try {
          message = sentence && sentence.source !== '' ? sentence.text(scopeOf(response)) : '';
        } catch (error) {
          // The body has another shape than the sentence expects: the error itself must not be lost for that.
          context.log(
            'DEBUG',
            context.redact(`error_message gives nothing for this answer: ${(error as Error).message}`),
          );
        }
        return {
          action,
          failureType: (action === 'FAIL' && fields.failure_type) || rule?.failureType || 'system_error',
          message: message || rule?.message,
          isExplicit: true,
        };
      },
    };
  },
});

function scopeOf(response: ApiResponse): Record<string, unknown> {
  return { response: bodyOf(response), headers: headerScope(response.headers), request_url: plainUrl(response.url) };
}

function bodyOf(response: ApiResponse): unknown {
  try {
    return response.json();
  } catch {
    return {};
  }
}
