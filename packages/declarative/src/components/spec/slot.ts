import type { ConnectorSpecification, Json, JsonObject } from '@tidemark/protocol';
import { slot } from '../../component/slot.js';

/** What a user must configure, and what is done with the configuration before it is used. */
export interface Spec {
  readonly specification: ConnectorSpecification;
  /** Old configurations in the new form; true when something changed and must be kept. */
  migrate(config: JsonObject): boolean;
  /** Fills and renames fields for the run only. */
  transform(config: JsonObject): void;
  /** Throws ConnectorError (config) when a rule of the manifest does not hold. */
  validate(config: JsonObject): Promise<void>;
}
export const specSlot = slot<Spec>('spec');

/** A change of the configuration, in place. */
export interface ConfigTransformation {
  transform(config: JsonObject): void;
}
export const configTransformationSlot = slot<ConfigTransformation>('config transformation');
/** Transformations that bring a configuration of an earlier version up to date. */
export interface ConfigMigration {
  readonly transformations: readonly ConfigTransformation[];
}
export const configMigrationSlot = slot<ConfigMigration>('config migration');
/** Checks the configuration. */
export interface ConfigValidator {
  /** Throws ConnectorError (config) with a sentence for the user; no value of the configuration is in it. */
  validate(config: JsonObject): void | Promise<void>;
}
export const configValidatorSlot = slot<ConfigValidator>('config validator');
/** Judges one value. */
export interface ValidationStrategy {
  /** Throws when the value is not as it should be. `what` names it in the message, for example `'site_url'`. */
  validate(value: Json | undefined, what: string): void | Promise<void>;
}
export const validationStrategySlot = slot<ValidationStrategy>('validation strategy');
/** Everything that happens to a configuration between the user and the streams. */
export interface ConfigNormalization {
  readonly migrations: readonly ConfigMigration[];
  readonly transformations: readonly ConfigTransformation[];
  readonly validations: readonly ConfigValidator[];
}
export const configNormalizationSlot = slot<ConfigNormalization>('config normalization');
/** How a user consents by OAuth: passed through to the platform. */
export interface AuthFlow {
  readonly advancedAuth: JsonObject;
}
export const authFlowSlot = slot<AuthFlow>('auth flow');
/** What a consent by OAuth needs, in the protocol's own form. */
export interface OAuthConfig {
  readonly specification: JsonObject;
}
export const oauthConfigSlot = slot<OAuthConfig>('OAuth specification');
