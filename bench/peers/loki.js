// pino-loki, which is named in a `target` only where it is installed.
export { default } from 'pino-loki'
