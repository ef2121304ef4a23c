export * from './component/index.js';
