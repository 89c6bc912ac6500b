/** Renders the schema as Markdown tables: the generated half of src/wire/README.md. */
import { RejectCode } from '../../core/codes.js';
import type { Field } from '../layout.js';
import { REJECT_TEXT } from '../reject-text.js';
import { type Message, type MessageKind, messages } from '../schema.js';
import { listedValues } from './field-types.js';

const BANDS: Readonly<Record<number, string>> = {
  1: 'gateway',
  2: 'session',
  3: 'risk',
  4: 'matching',
  5: 'admin',
};

const SENDERS = {
  trade: 'sent by a session with the permission `trade`',
  admin: 'sent by a session with the permission `admin`',
  node: 'made by the node itself, never sent by a client',
} as const;

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function typeText(field: Field): string {
  return field.length === undefined ? field.type : `${field.type} ${field.length}`;
}

function notesText(field: Field): string {
  const values = listedValues(field);
  const since = field.since === undefined ? '' : ` (since version ${field.since})`;
  return (values === '' ? field.notes : `${field.notes}: ${values}`) + since;
}

function originText(message: Message): string {
  if (message.sender !== undefined) return SENDERS[message.sender];
  return message.sentBy === 'client' ? 'sent by the client' : 'sent by the gateway';
}

/** A Markdown table, columns padded to one width as the formatter wants it. The first `numberColumns` align right. */
function renderTable(head: readonly string[], numberColumns: number, rows: readonly string[][]): string {
  const cells = [head, ...rows].map((row) => row.map(cell));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const isNumber = (column: number) => column < numberColumns;
  const lines = cells.map((row) =>
    row.map((text, column) =>
      isNumber(column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!),
    ),
  );
  const rule = widths.map((width, column) =>
    isNumber(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [lines[0]!, rule, ...lines.slice(1)].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function renderMessage(message: Message): string {
  const rows = message.blockFields.map((field) => [
    String(field.offset),
    String(field.size),
    `\`${field.name}\``,
    typeText(field),
    notesText(field),
  ]);
  return [
    `#### ${message.templateId} \`${message.name}\``,
    '',
    `${message.notes} Block of ${message.blockLength} bytes, ${originText(message)}.`,
    '',
    renderTable(['Offset', 'Size', 'Field', 'Type', 'Notes'], 2, rows),
    '',
  ].join('\n');
}

/** One table for each message of a kind; offsets count from the start of the SBE block. */
export function renderMessageTables(kind: MessageKind): string {
  return messages
    .filter((message) => message.kind === kind)
    .map(renderMessage)
    .join('\n');
}

/** One table of all reject codes with their sentences. */
export function renderRejectTable(): string {
  const rows = Object.entries(RejectCode)
    .sort(([, a], [, b]) => a - b)
    .map(([name, code]) => {
      const text = REJECT_TEXT[name as keyof typeof RejectCode];
      return [String(code), `\`${name}\``, BANDS[Math.floor(code / 1000)]!, text];
    });
  return `${renderTable(['Code', 'Name', 'Stage', 'Meaning'], 1, rows)}\n`;
}
